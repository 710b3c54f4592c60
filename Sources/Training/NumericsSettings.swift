import TensorCore

/// What chooses between algorithms, and so between bits. Written into a run's configuration and sent to every worker.
public struct NumericsSettings: Codable, Hashable, Sendable {
    public var convolutions = ConvolutionChoices()
    public var threadsPerLane = 1
    /// nil is float32.
    public var gradientPrecision: GradientPrecision?

    public init() {}

    /// What computes convolutions where nothing was measured. Our own Winograd is the work of one thread, so lanes of
    /// several take the library's.
    public mutating func chooseConvolutions() {
        convolutions = ConvolutionChoices(threadsPerLane == 1 ? .winograd : .libraryWinograd)
    }
}
