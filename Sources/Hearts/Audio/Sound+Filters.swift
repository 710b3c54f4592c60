extension Sound {
    /// The sound between two frequencies in Hz, without a shift in time: a Butterworth high-pass and a low-pass of
    /// second order, each applied forwards and backwards (SciPy's `butter` and `filtfilt` with their defaults).
    ///
    /// Heart sounds and murmurs lie between 25 and 400 Hz (Springer, Tarassenko and Clifford, IEEE Transactions on
    /// Biomedical Engineering 63(4), 2016). `low` must be above 0 and below `high`; no frequency is taken away above
    /// half of the rate.
    public func bandPassed(from low: Double, to high: Double) -> Sound {
        precondition(low > 0 && low < high, "band-pass from \(low) to \(high) Hz")
        var signal = samples.map(Double.init)
        for (kind, frequency) in [(Biquad.Kind.highPass, low), (.lowPass, high)]
        where frequency < Double(sampleRate) / 2 {
            signal = Biquad(kind, frequency: frequency, sampleRate: Double(sampleRate)).appliedBothWays(to: signal)
        }
        return Sound(sampleRate: sampleRate, samples: signal.map(Float.init))
    }

    /// The sound without clicks of friction: where the loudest half second is more than three times as loud as the
    /// median one, what lies between the zero crossings around its peak becomes silent, again and again (S. E. Schmidt
    /// et al., "Segmentation of heart sound recordings by a duration-dependent hidden Markov model", Physiological
    /// Measurement 31, 2010).
    ///
    /// A sound of less than three half seconds, or one that is silent for half of its time, stays as it is: there is no
    /// median to speak of.
    public func withoutSpikes() -> Sound {
        let length = (sampleRate + 1) / 2
        let count = samples.count / length
        guard count >= 3 else { return self }
        var signal = samples
        func peak(_ window: Int) -> Float {
            signal[window * length..<(window + 1) * length].reduce(0) { max($0, abs($1)) }
        }
        var peaks = (0..<count).map(peak)
        guard Self.median(peaks) > 0 else { return self }
        // Each turn silences at least one sample that was not silent, so there is an end.
        for _ in 0..<signal.count {
            let median = Self.median(peaks)
            guard let loudest = peaks.indices.max(by: { peaks[$0] < peaks[$1] }), peaks[loudest] > 3 * median else {
                break
            }
            let window = loudest * length..<(loudest + 1) * length
            let top = window.first { abs(signal[$0]) == peaks[loudest] }!
            func changesSign(_ i: Int) -> Bool { (signal[i] < 0) != (signal[i + 1] < 0) }
            let start = (window.lowerBound..<top).last(where: changesSign).map { $0 + 1 } ?? window.lowerBound
            let end = (top..<window.upperBound - 1).first(where: changesSign) ?? window.upperBound - 1
            for i in start...end { signal[i] = 0 }
            peaks[loudest] = peak(loudest)
        }
        return Sound(sampleRate: sampleRate, samples: signal)
    }

    private static func median(_ values: [Float]) -> Float {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

extension Biquad {
    /// Filters forwards and then backwards, so that nothing moves in time: the signal is continued at both ends by its
    /// point reflection, and the filter starts as if it had seen the first value for ever (SciPy's `filtfilt`).
    func appliedBothWays(to signal: [Double]) -> [Double] {
        // SciPy's default for three coefficients.
        let padding = min(9, signal.count - 1)
        guard padding > 0 else { return signal }
        let (first, last) = (signal[0], signal[signal.count - 1])
        var extended = (1...padding).reversed().map { 2 * first - signal[$0] }
        extended += signal
        extended += (1...padding).map { 2 * last - signal[signal.count - 1 - $0] }
        for _ in 0..<2 {
            var filter = self
            filter.settle(at: extended[0])
            filter.apply(to: &extended)
            extended.reverse()
        }
        return Array(extended[padding..<padding + signal.count])
    }
}
