internal import CMPG123
import Glibc

/// libmpg123's decoder of MPEG audio. libsndfile would use the same, but let it speak to the person at the terminal.
final class MP3Decoder: SoundDecoder {
    let sampleRate: Int
    let channels: Int
    private(set) var hasFailed = false
    private let handle: OpaquePointer
    /// Outlives the handle, whose callbacks read it.
    private let view: FileView

    /// `name` is the file's in errors.
    init(_ view: FileView, name: String) throws(AudioError) {
        mpg123_init()
        guard let handle = mpg123_new(Self.name, nil) else {
            throw AudioError(name: name, problem: "no memory for the MP3 decoder", remedy: "free some memory")
        }
        let flags = MPG123_QUIET.rawValue | MPG123_FORCE_FLOAT.rawValue
        let pointer = Unmanaged.passUnretained(view).toOpaque()
        var (rate, channels, encoding) = (CLong(0), CInt(0), CInt(0))
        guard hbn_mpg123_add_flags(handle, CLong(flags)) == MPG123_OK.rawValue,
            mpg123_replace_reader_handle(
                handle,
                { view, bytes, count in
                    guard let bytes else { return 0 }
                    return FileView.from(view).read(into: .init(start: bytes, count: count))
                },
                { FileView.from($0).seek(to: Int($1), whence: $2) }, nil) == MPG123_OK.rawValue,
            mpg123_open_handle(handle, pointer) == MPG123_OK.rawValue,
            mpg123_getformat(handle, &rate, &channels, &encoding) == MPG123_OK.rawValue, rate > 0, channels > 0,
            // A sound that changes its format on the way ends there.
            mpg123_format_none(handle) == MPG123_OK.rawValue,
            mpg123_format(handle, rate, channels, CInt(MPG123_ENC_FLOAT_32.rawValue)) == MPG123_OK.rawValue
        else {
            mpg123_delete(handle)
            throw AudioError(
                name: name, problem: "an MP3 sound that is damaged or too short",
                remedy: "restore the file or remove it")
        }
        (self.handle, self.view) = (handle, view)
        (sampleRate, self.channels) = (Int(rate), Int(channels))
    }

    /// What the library is asked for: of its decoders, whose bits differ, the one that every processor has. A library
    /// without it chooses for itself; `SoundLibraries` tells.
    static let name: String? = {
        mpg123_init()
        let names = sequence(state: mpg123_supported_decoders()) { list in
            defer { list = list?.successor() }
            return list?.pointee.map { String(cString: $0) }
        }
        return names.first { $0 == "generic" }
    }()

    /// What decodes this sound.
    var decoderName: String { String(cString: mpg123_current_decoder(handle)) }

    deinit { mpg123_delete(handle) }

    /// Known for sure at the end only.
    var frames: Int? { nil }

    func read(into room: inout [Float]) -> Int {
        var count = 0
        let status = room.withUnsafeMutableBytes { mpg123_read(handle, $0.baseAddress, $0.count, &count) }
        hasFailed = hasFailed || (status != MPG123_OK.rawValue && status != MPG123_DONE.rawValue)
        return count / MemoryLayout<Float>.stride / channels
    }
}
