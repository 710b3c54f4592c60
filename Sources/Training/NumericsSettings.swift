import TensorCore

/// What chooses between algorithms, and so between bits. Written into a run's configuration and sent to every worker.
public struct NumericsSettings: Codable, Hashable, Sendable {
    public var convolutions = ConvolutionChoices()
    public var threadsPerLane = 1

    public init() {}

    /// What a lane computes convolutions with. Our own Winograd is the work of one thread, so a lane of several takes the
    /// library's where nothing was measured.
    var convolutionsOfLane: ConvolutionChoices {
        var choices = convolutions
        if threadsPerLane > 1, choices.preferred == .winograd { choices.preferred = .libraryWinograd }
        return choices
    }
}
