internal import CSndfile
import Glibc

extension Sound {
    /// Reads a WAV or FLAC file (or another that libsndfile knows); several channels become their mean.
    public init(contentsOf path: String) throws(AudioError) {
        let (file, info) = try Self.open(path)
        defer { sf_close(file) }

        let channels = Int(info.channels)
        guard info.frames > 0 else {
            throw AudioError(name: path, problem: "the recording is empty", remedy: "record it again or remove it")
        }
        guard channels > 0, info.samplerate > 0, info.frames <= sf_count_t(Self.maximumSamples / channels) else {
            throw AudioError(
                name: path,
                problem: "\(info.frames) frames of \(channels) channels at \(info.samplerate) Hz, "
                    + "at most \(Self.maximumSamples) samples are read",
                remedy: "cut the recording into shorter files")
        }

        let frames = Int(info.frames)
        var mono = [Float]()
        mono.reserveCapacity(min(frames, 1 << 20))
        let blockFrames = max(1, min(frames, 65536 / channels))
        var block = [Float](repeating: 0, count: blockFrames * channels)
        while mono.count < frames {
            let read = Int(sf_readf_float(file, &block, sf_count_t(min(blockFrames, frames - mono.count))))
            if read <= 0 { break }
            for frame in 0..<read {
                var sum: Float = 0
                for channel in 0..<channels { sum += block[frame * channels + channel] }
                mono.append(sum / Float(channels))
            }
        }
        guard mono.count == frames, sf_error(file) == 0 else {
            throw AudioError(
                name: path, problem: "damaged: \(mono.count) of \(frames) frames can be decoded",
                remedy: "restore the file or remove it")
        }
        guard mono.allSatisfy(\.isFinite) else {
            throw AudioError(
                name: path, problem: "some samples are infinite or not numbers", remedy: "record it again or remove it")
        }
        self.init(sampleRate: Int(info.samplerate), samples: mono)
    }

    /// The number of channels in a sound file.
    public static func channels(inFileAt path: String) throws(AudioError) -> Int {
        let (file, info) = try open(path)
        sf_close(file)
        return Int(info.channels)
    }

    private static func open(_ path: String) throws(AudioError) -> (file: OpaquePointer, info: SF_INFO) {
        var info = SF_INFO()
        guard let file = sf_open(path, CInt(SFM_READ), &info) else {
            throw AudioError(
                name: path, problem: "not a readable sound file (\(message(nil)))",
                remedy: "check that it exists and is a whole WAV or FLAC file, or remove it")
        }
        return (file, info)
    }

    /// Writes a 16-bit WAV file, whole or not at all, replacing one that exists. Samples beyond -1...1 are clipped.
    public func write(toWAV path: String) throws(AudioError) {
        var info = SF_INFO()
        info.samplerate = CInt(clamping: sampleRate)
        info.channels = 1
        info.format = CInt(SF_FORMAT_WAV | SF_FORMAT_PCM_16)
        let temporaryPath = "\(path).partial"
        guard let file = sf_open(temporaryPath, CInt(SFM_WRITE), &info) else {
            throw AudioError(
                name: path, problem: "the file cannot be written (\(Self.message(nil)))",
                remedy: "check that its folder exists and its permissions")
        }
        let written = sf_writef_short(file, quantized, sf_count_t(samples.count))
        let closed = sf_close(file)
        guard written == sf_count_t(samples.count), closed == 0, rename(temporaryPath, path) == 0 else {
            unlink(temporaryPath)
            throw AudioError(
                name: path, problem: "only \(written) of \(samples.count) samples were written",
                remedy: "free some disk space")
        }
    }

    /// libsndfile's words for what went wrong, on one line; without a file, for the last failure to open one.
    private static func message(_ file: OpaquePointer?) -> String {
        String(cString: sf_strerror(file)).split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
