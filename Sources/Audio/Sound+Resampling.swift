internal import CSoxr
import Glibc
import Synchronization

extension Sound {
    /// The sound at another rate, by soxr's very high quality filter and its plain engine.
    ///
    /// The result has ceil(count * rate / sampleRate) samples, as librosa's `resample(res_type: "soxr_vhq")`.
    public func resampled(to rate: Int) throws(AudioError) -> Sound {
        if rate == sampleRate { return self }
        Self.choosePlainEngine()
        var output = [Float](repeating: 0, count: try sampleCount(resampledTo: rate))
        var quality = soxr_quality_spec(CUnsignedLong(SOXR_VHQ), 0)
        var produced = 0
        let failure = soxr_oneshot(
            Double(sampleRate), Double(rate), 1, samples, samples.count, nil, &output, output.count, &produced, nil,
            &quality, nil)
        if let failure {
            throw AudioError(
                name: "sound at \(sampleRate) Hz",
                problem: "cannot be resampled to \(rate) Hz (\(String(cString: failure)))",
                remedy: "convert the file with another program")
        }
        return Sound(sampleRate: rate, samples: output)
    }

    /// Has soxr compute the same whatever the processor has and the environment says: it reads variables whenever it is called,
    /// and nothing else chooses its engine.
    ///
    /// A program calls this before it has threads. Afterwards there is nothing to change: the environment must not be, while
    /// others may read it.
    public static func choosePlainEngine() {
        // What is not set is soxr's default.
        let settings: [(name: String, value: String?)] = [
            ("SOXR_USE_SIMD", "0"), ("SOXR_MIN_DFT_SIZE", nil), ("SOXR_LARGE_DFT_SIZE", nil), ("SOXR_COEFS_SIZE", nil),
            ("SOXR_COEF_INTERP", nil), ("SOXR_STRICT_BUF", nil), ("SOXR_NOSMALLINTOPT", nil),
        ]
        environment.withLock { _ in
            for (name, value) in settings where getenv(name).map({ String(cString: $0) }) != value {
                if let value { setenv(name, value, 1) } else { unsetenv(name) }
            }
        }
    }

    private static let environment = Mutex(())

    /// The number of samples that the sound has at another rate.
    public func sampleCount(resampledTo rate: Int) throws(AudioError) -> Int {
        precondition(rate > 0, "resampled: \(rate) samples a second")
        let count = (Double(samples.count) * (Double(rate) / Double(sampleRate))).rounded(.up)
        guard count <= Double(Self.maximumSamples) else {
            throw AudioError(
                name: "sound at \(sampleRate) Hz", problem: "would have \(count) samples at \(rate) Hz",
                remedy: "cut the recording into shorter files")
        }
        return Int(count)
    }
}
