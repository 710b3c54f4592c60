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

    @Option(help: "Leave this band of a sound alone, in Hz: 25-400 has heart sounds and murmurs.")
    public var bandPass: FrequencyBand?

    @Flag(help: "Take clicks of friction out of a sound.")
    public var removeSpikes = false

    public init() {}

    public var isEmpty: Bool { channels == nil && bandPass == nil && !removeSpikes }

    public func apply(to settings: inout SpectrogramSettings) {
        if let channels { settings.channels = channels }
        if let bandPass { settings.band = bandPass }
        if removeSpikes { settings.removesSpikes = true }
    }
}
