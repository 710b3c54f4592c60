import TensorCore

/// What chooses between algorithms, and so between bits. Written into a run's configuration and sent to every worker.
public struct NumericsSettings: Codable, Hashable, Sendable {
    public var convolutions = ConvolutionChoices()
    /// nil is float32.
    public var gradientPrecision: GradientPrecision?

    public init() {}
}
