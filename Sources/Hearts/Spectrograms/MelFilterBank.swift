import ElementaryFunctions

/// Triangular filters at even distances on Slaney's mel scale, each with an area of one (librosa's `filters.mel`), from
/// one end of a band in Hz to the other.
///
/// The scale is that of M. Slaney's Auditory Toolbox: linear below 1000 Hz, logarithmic above.
struct MelFilterBank {
    /// The non-zero part of one filter: `weights[i]` belongs to FFT bin `firstBin + i`.
    struct Filter {
        let firstBin: Int
        let weights: [Float]
    }

    let filters: [Filter]

    init(sampleRate: Int, fftSize: Int, mels: Int, band: ClosedRange<Double>) {
        let (lowest, highest) = (Self.mel(band.lowerBound), Self.mel(band.upperBound))
        let edges = (0..<mels + 2).map {
            Self.hertz(lowest + (highest - lowest) * Double($0) / Double(mels + 1))
        }
        let bins = (0...fftSize / 2).map { Double($0) * Double(sampleRate) / Double(fftSize) }
        filters = (0..<mels).map { i in
            let (low, centre, high) = (edges[i], edges[i + 1], edges[i + 2])
            // Only those near the filter are looked at.
            let near = max(0, Int(low / bins[1]))..<min(bins.count, Int(high / bins[1]) + 2)
            let inside = near.filter { bins[$0] > low && bins[$0] < high }
            let weights = inside.map { bin in
                let height = min((bins[bin] - low) / (centre - low), (high - bins[bin]) / (high - centre))
                return Float(Double(Float(height)) * (2 / (high - low)))
            }
            return Filter(firstBin: inside.first ?? 0, weights: weights)
        }
    }

    /// The bands of a spectrogram's settings, none above half the sample rate.
    init(_ settings: SpectrogramSettings) {
        let highest = Double(settings.sampleRate) / 2
        self.init(
            sampleRate: settings.sampleRate, fftSize: settings.fftSize, mels: settings.mels,
            band: settings.band.map { $0.low...min($0.high, highest) } ?? 0...highest)
    }

    /// Sums each filter's share of a power spectrum into `output`, one place a filter.
    func apply(to power: UnsafeMutableBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>) {
        for (i, filter) in filters.enumerated() {
            var sum: Float = 0
            filter.weights.withUnsafeBufferPointer { weights in
                for j in 0..<weights.count { sum += weights[j] * power[filter.firstBin + j] }
            }
            output[i] = sum
        }
    }

    private static let hertzAMel = 200.0 / 3
    private static let logarithmicFrom = 1000.0
    private static let logarithmicStep = Elementary.log(6.4) / 27

    private static func mel(_ hertz: Double) -> Double {
        guard hertz >= logarithmicFrom else { return hertz / hertzAMel }
        return logarithmicFrom / hertzAMel + Elementary.log(hertz / logarithmicFrom) / logarithmicStep
    }

    private static func hertz(_ mel: Double) -> Double {
        let knee = logarithmicFrom / hertzAMel
        return mel < knee ? mel * hertzAMel : logarithmicFrom * Elementary.exp(logarithmicStep * (mel - knee))
    }
}
