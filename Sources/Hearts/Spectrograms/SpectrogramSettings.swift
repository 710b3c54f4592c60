/// How a sound becomes a picture.
public struct SpectrogramSettings: Codable, Hashable, Sendable {
    /// Samples a second.
    public var sampleRate: Int

    /// Samples in one Fourier transform; even.
    public var fftSize: Int

    /// Samples from one column to the next.
    public var hop: Int

    /// Mel bands from one end of `band` to the other; without one, from 0 Hz to half the sample rate.
    public var mels: Int

    /// Decibels below the loudest point that are told apart.
    public var dynamicRange: Float

    /// The picture's size in pixels.
    public var height: Int
    public var width: Int

    /// What the picture's three channels show; nil is `colours`.
    public var channels: SpectrogramChannels?
    /// The band in Hz that is left of a sound before anything else; nil is all of it.
    public var band: FrequencyBand?
    /// Are clicks of friction taken out? nil is no.
    public var removesSpikes: Bool?
    /// Is each mel band's mean level taken out? nil is no.
    public var levelsBands: Bool?

    public init(
        sampleRate: Int = 2000, fftSize: Int = 1024, hop: Int = 64, mels: Int = 128, dynamicRange: Float = 80,
        height: Int, width: Int
    ) {
        self.sampleRate = sampleRate
        self.fftSize = fftSize
        self.hop = hop
        self.mels = mels
        self.dynamicRange = dynamicRange
        self.height = height
        self.width = width
    }

    /// Throws when a setting, perhaps read from a file, is out of its range, or a mel band would hold nothing.
    public func check() throws(SpectrogramError) {
        func check(_ setting: String, _ value: Int, _ range: ClosedRange<Int>) throws(SpectrogramError) {
            guard range.contains(value) else {
                throw SpectrogramError(
                    setting: setting, problem: "\(value) is not in \(range.lowerBound)...\(range.upperBound)")
            }
        }
        try check("sampleRate", sampleRate, 1...768_000)
        try check("fftSize", fftSize, 2...1 << 16)
        try check("hop", hop, 1...1 << 20)
        try check("mels", mels, 1...4096)
        try check("height", height, 1...8192)
        try check("width", width, 1...8192)
        if let band, !(band.low > 0 && band.low < min(band.high, Double(sampleRate) / 2) && band.high.isFinite) {
            throw SpectrogramError(
                setting: "band",
                problem: "\(band.low) to \(band.high) Hz is no band between 0 and \(sampleRate / 2) Hz")
        }
        guard fftSize % 2 == 0 else {
            throw SpectrogramError(setting: "fftSize", problem: "\(fftSize) is no even number of samples")
        }
        guard dynamicRange > 0, dynamicRange.isFinite else {
            throw SpectrogramError(setting: "dynamicRange", problem: "\(dynamicRange) is not a positive number of dB")
        }
        let empty = MelFilterBank(self).filters.count(where: \.weights.isEmpty)
        guard empty == 0 else {
            throw SpectrogramError(
                setting: "mels",
                problem: "\(empty) of \(mels) bands hold no frequency of a transform of \(fftSize) samples; "
                    + "take fewer bands, a larger transform or a wider band")
        }
    }
}

/// What a picture's channels show.
public enum SpectrogramChannels: String, Codable, CaseIterable, Sendable {
    /// The magma colours of the decibels, as in the notebook.
    case colours
    /// The decibels themselves, the same in each channel: 0 is the quietest, 255 the loudest.
    case mel
}

/// Frequencies in Hz.
public struct FrequencyBand: Codable, Hashable, Sendable {
    public var low: Double
    public var high: Double

    public init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }
}
