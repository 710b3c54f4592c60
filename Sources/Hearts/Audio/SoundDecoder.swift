import Files

/// What makes samples of a sound file's bytes.
protocol SoundDecoder {
    /// Samples a second, as the file says.
    var sampleRate: Int { get }
    var channels: Int { get }

    /// The samples of each channel; nil where the file does not say.
    var frames: Int? { get }

    /// Reads the next frames into `room`, whose size is a multiple of the channels; returns how many: 0 at the end, and
    /// where nothing more can be decoded.
    func read(into room: inout [Float]) -> Int

    /// Whether something could not be decoded.
    var hasFailed: Bool { get }
}

extension Sound {
    /// The endings of the names of sound files that are read, without the dot, in lower case.
    public static let fileEndings = [
        "wav", "wave", "flac", "mp3", "ogg", "oga", "opus", "aif", "aiff", "aifc", "au", "snd", "caf", "w64", "rf64",
    ]

    /// The decoder of a file, which its first bytes choose and not its name.
    static func decoder(ofFileAt path: String) throws(AudioError) -> any SoundDecoder {
        let file = try opened(path)
        let (content, start) = try content(of: file)
        let whole = start..<max(start, file.size)
        switch content.kind {
        case .mp3: return try MP3Decoder(FileView(file, whole), name: path)
        case .wave, .flac, .ogg, .otherSound:
            let chunks = SoundChunks(file, from: start)
            if let samples = chunks?.samples, chunks?.format?.tag == SoundChunks.Format.mp3 {
                return try MP3Decoder(FileView(file, samples), name: path)
            }
            let view = FileView(file, whole, corrections: chunks?.corrections ?? [])
            guard let decoder = LibraryDecoder(view) else {
                throw AudioError(
                    name: path, problem: chunks?.fault ?? "\(content.words) that is damaged, or of an unusual kind",
                    remedy: "restore the file, convert it to WAV or FLAC, or remove it")
            }
            return decoder
        default:
            throw AudioError(
                name: path, problem: content.kind == .empty ? "the file is empty" : "no sound, but \(content.words)",
                remedy: content.remedy(convertingTo: "WAV or FLAC"))
        }
    }

    private static func opened(_ path: String) throws(AudioError) -> RegularFile {
        do throws(FileError) { return try RegularFile(path) } catch { throw AudioError(error) }
    }

    private static func content(of file: borrowing RegularFile) throws(AudioError) -> (FileContent, Int) {
        do throws(FileError) { return try file.content() } catch { throw AudioError(error) }
    }
}

extension AudioError {
    fileprivate init(_ error: FileError) { self.init(name: error.path, problem: error.problem, remedy: error.remedy) }
}
