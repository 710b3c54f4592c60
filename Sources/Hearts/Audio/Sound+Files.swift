internal import CSndfile
import Files
import Glibc

extension Sound {
    /// Reads a sound file; several channels become their mean.
    public init(contentsOf path: String) throws(AudioError) {
        let decoder = try Self.decoder(ofFileAt: path)
        let (channels, rate, frames) = (decoder.channels, decoder.sampleRate, decoder.frames)
        guard channels > 0, rate > 0, frames ?? 0 <= Self.maximumSamples / channels else {
            throw .tooLong(path, decoder)
        }

        var mono = [Float]()
        mono.reserveCapacity(min(frames ?? 0, 1 << 20))
        let blockFrames = max(1, min(frames ?? .max, 65536 / channels))
        var block = [Float](repeating: 0, count: blockFrames * channels)
        while true {
            let read = decoder.read(into: &block)
            if read == 0 { break }
            for frame in 0..<read {
                var sum: Float = 0
                for channel in 0..<channels { sum += block[frame * channels + channel] }
                mono.append(sum / Float(channels))
            }
            try Self.check(block[..<(read * channels)], path)
            guard mono.count <= Self.maximumSamples / channels else { throw .tooLong(path, decoder) }
        }
        guard !decoder.hasFailed, frames == nil || mono.count == frames else {
            let whole = frames.map { "of \($0) " } ?? ""
            throw AudioError(
                name: path, problem: "damaged: \(mono.count) \(whole)frames can be decoded",
                remedy: "restore the file or remove it")
        }
        guard !mono.isEmpty else {
            let missing = Self.missingBytes(inFileAt: path)
            throw AudioError(
                name: path,
                problem: missing > 0 ? "cut off: all \(missing) bytes of sound are missing" : "the recording is empty",
                remedy: "restore the file, record it again or remove it")
        }
        self.init(sampleRate: rate, samples: mono)
    }

    /// The greatest magnitude of a sample that is read. Whole numbers of 32 bits that somebody wrote as floats,
    /// unscaled, are the greatest that sounds are made of; beyond, there is damage, and powers of it would leave the
    /// range of a float.
    public static let greatestMagnitude: Float = 0x1p32

    private static func check(_ samples: ArraySlice<Float>, _ path: String) throws(AudioError) {
        // No comparison holds for what is not a number.
        guard let absurd = samples.first(where: { !(abs($0) <= greatestMagnitude) }) else { return }
        throw AudioError(
            name: path,
            problem: absurd.isFinite
                ? "a sample is \(absurd) times full scale, and none can be beyond \(greatestMagnitude)"
                : "some samples are infinite or not numbers",
            remedy: "record it again or remove it")
    }

    /// The number of channels in a sound file.
    public static func channels(inFileAt path: String) throws(AudioError) -> Int {
        try decoder(ofFileAt: path).channels
    }

    /// How many bytes of samples a WAV, AIFF or CAF file lacks of those that its header promises; 0 for all else.
    ///
    /// What is there of such a file is read without a word.
    public static func missingBytes(inFileAt path: String) -> Int {
        guard let file = try? RegularFile(path), let (_, start) = try? file.content() else { return 0 }
        return SoundChunks(file, from: start)?.missingBytes ?? 0
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
                name: path, problem: "the file cannot be written",
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
}

extension AudioError {
    fileprivate static func tooLong(_ path: String, _ decoder: any SoundDecoder) -> AudioError {
        let frames = decoder.frames.map { "\($0)" } ?? "too many"
        return AudioError(
            name: path,
            problem: "\(frames) frames of \(decoder.channels) channels at \(decoder.sampleRate) Hz, "
                + "at most \(Sound.maximumSamples) samples are read",
            remedy: "cut the recording into shorter files")
    }
}
