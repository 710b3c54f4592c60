import OneDNN

/// What chooses between algorithms, and so between bits. Written into a run's configuration and sent to every worker.
public struct NumericsSettings: Codable, Hashable, Sendable {
    /// For 3x3 convolutions whose channels come in whole blocks of 16; the others are direct.
    public var convolution = ConvolutionAlgorithm.winograd
    public var threadsPerLane = 1

    public init() {}
}
