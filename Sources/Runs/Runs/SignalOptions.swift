import ArgumentParser
import Spectrograms

extension SpectrogramChannels: ExpressibleByArgument {}

extension FrequencyBand: ExpressibleByArgument {
    /// Reads 25-400.
    public init?(argument: String) {
        let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Double($0) }
        guard ends.count == 2, let low = ends[0], let high = ends[1], low > 0, low < high, high.isFinite else {
            return nil
        }
        self.init(low: low, high: high)
    }
}

/// How a sound becomes a picture, beside its size.
public struct SignalOptions: ParsableArguments {
    @Option(help: "colours, as in the notebook, or mel: the decibels themselves, the same in each channel.")
    public var channels: SpectrogramChannels?

    @Option(
        help:
            "Samples of a Fourier transform, of 2000 a second: 1024 (the default) tells tones apart, 128 heart sounds.")
    public var fftSize: Int?

    @Option(help: "Samples from one column of a spectrogram to the next (default: 64).")
    public var hop: Int?

    @Option(help: "Mel bands of a spectrogram (default: 128).")
    public var mels: Int?

    @Option(
        help:
            "Leave this band of a sound alone, in Hz, and let the picture show it: 25-400 has heart sounds and murmurs."
    )
    public var bandPass: FrequencyBand?

    @Flag(help: "Take clicks of friction out of a sound.")
    public var removeSpikes = false

    @Flag(help: "Take each mel band's mean level out: what a stethoscope does to every sound alike.")
    public var levelBands = false

    public init() {}

    public var isEmpty: Bool {
        channels == nil && [fftSize, hop, mels].allSatisfy { $0 == nil } && bandPass == nil && !removeSpikes
            && !levelBands
    }

    public func apply(to settings: inout SpectrogramSettings) {
        if let channels { settings.channels = channels }
        if let fftSize { settings.fftSize = fftSize }
        if let hop { settings.hop = hop }
        if let mels { settings.mels = mels }
        if let bandPass { settings.band = bandPass }
        if removeSpikes { settings.removesSpikes = true }
        if levelBands { settings.levelsBands = true }
    }
}
