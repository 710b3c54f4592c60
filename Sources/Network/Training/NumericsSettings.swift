import TensorCore

/// What chooses between algorithms, and so between bits. Written into a run's configuration and sent to every worker.
public struct NumericsSettings: Codable, Hashable, Sendable {
    /// Of the numerics that this build computes with: raised with whatever changes the bits of a run.
    ///
    /// 1: oneDNN's sums, whose order depends on the processor. 2: our own kernels, alike on every processor.
    public static let currentVersion = 2

    /// Of those that the run was begun with, and must go on with.
    public var version = currentVersion
    public var convolutions = ConvolutionChoices()
    /// nil is float32.
    public var gradientPrecision: GradientPrecision?

    public init() {}

    /// What version 1 wrote has no version, and may name algorithms that there are no more.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        version = try values.decodeIfPresent(Int.self, forKey: .version) ?? 1
        if version < 2 {
            let names = try values.decode(ConvolutionNames.self, forKey: .convolutions)
            if let unknown = names.unknown(but: ConvolutionNames.former) {
                throw DecodingError.dataCorruptedError(
                    forKey: .convolutions, in: values, debugDescription: "no version has an algorithm \(unknown)")
            }
            convolutions = names.choices
        } else {
            convolutions = try values.decode(ConvolutionChoices.self, forKey: .convolutions)
        }
        gradientPrecision = try values.decodeIfPresent(GradientPrecision.self, forKey: .gradientPrecision)
    }

    /// A new run takes over the settings of another, with the numerics of this build. What was measured with other
    /// kernels says nothing of these.
    public mutating func renew() {
        if version != Self.currentVersion { convolutions.measured = [:] }
        version = Self.currentVersion
    }
}
