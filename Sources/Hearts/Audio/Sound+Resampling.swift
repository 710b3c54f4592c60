extension Sound {
    /// The sound at another rate, with ceil(count * rate / sampleRate) samples, as librosa's `resample`.
    public func resampled(to rate: Int) throws(AudioError) -> Sound {
        if rate == sampleRate { return self }
        let count = try sampleCount(resampledTo: rate)
        return Sound(sampleRate: rate, samples: Resampler.between(sampleRate, rate)(samples, count: count))
    }

    /// The number of samples that the sound has at another rate.
    public func sampleCount(resampledTo rate: Int) throws(AudioError) -> Int {
        precondition(rate > 0, "resampled: \(rate) samples a second")
        guard max(rate, sampleRate) / min(rate, sampleRate) < Resampler.greatestRatio else {
            throw AudioError(
                name: "sound at \(sampleRate) Hz",
                problem:
                    "cannot be resampled to \(rate) Hz: the rates are \(Resampler.greatestRatio) times apart or more",
                remedy: "convert the file with another program")
        }
        let count = (Double(samples.count) * (Double(rate) / Double(sampleRate))).rounded(.up)
        guard count <= Double(Self.maximumSamples) else {
            throw AudioError(
                name: "sound at \(sampleRate) Hz", problem: "would have \(count) samples at \(rate) Hz",
                remedy: "cut the recording into shorter files")
        }
        return Int(count)
    }
}
