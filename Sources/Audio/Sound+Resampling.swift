internal import CSoxr

extension Sound {
    /// The sound at another rate, by soxr's very high quality filter.
    ///
    /// The result has ceil(count * rate / sampleRate) samples, as librosa's `resample(res_type: "soxr_vhq")`.
    public func resampled(to rate: Int) throws(AudioError) -> Sound {
        if rate == sampleRate { return self }
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
