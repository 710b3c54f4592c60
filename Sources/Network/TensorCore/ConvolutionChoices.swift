/// How a convolution is computed. It decides bits, so it is part of a run's configuration.
public enum ConvolutionAlgorithm: String, Codable, CodingKeyRepresentable, Sendable, CaseIterable {
    /// The definition.
    case direct
    /// Minimal filtering of tiles of 4 or 6 pixels each way.
    case winograd
}

/// The algorithm of each pass of each convolution of a network.
public struct ConvolutionChoices: Codable, Hashable, Sendable {
    /// Where it fits and nothing was measured.
    public var preferred: ConvolutionAlgorithm
    /// What a measurement chose, by `key`.
    public var measured: [String: ConvolutionAlgorithm]

    public init(_ preferred: ConvolutionAlgorithm = .winograd, measured: [String: ConvolutionAlgorithm] = [:]) {
        self.preferred = preferred
        self.measured = measured
    }

    /// A pass of a convolution, whatever the batch: "conv 3x3 64->128 112x72 forward".
    public static func key(_ geometry: ConvolutionGeometry, _ pass: Pass) -> String {
        let kind = geometry.isTransposed ? "transposed" : "conv"
        return "\(kind) \(geometry.kernel)x\(geometry.kernel) \(geometry.inputChannels)->\(geometry.outputChannels) "
            + "\(geometry.height)x\(geometry.width) \(pass.rawValue)"
    }

    /// The choice, where it can be had.
    func algorithm(_ geometry: ConvolutionGeometry, _ pass: Pass) -> ConvolutionAlgorithm {
        let chosen = measured[Self.key(geometry, pass)] ?? preferred
        return Self.candidates(geometry).contains(chosen) ? chosen : .direct
    }

    /// The algorithms that compute a convolution: the same on every processor.
    ///
    /// Winograd needs 3x3 with stride 1. Channels come in blocks of 16, so that an image's few are better computed by
    /// the definition. Its tiles of 4x4 must also cover the image without so much waste that the definition needs no
    /// more multiplications: 36 a tile against 9 a pixel.
    public static func candidates(_ geometry: ConvolutionGeometry) -> [ConvolutionAlgorithm] {
        let tiles = ((geometry.height + 3) / 4) * ((geometry.width + 3) / 4)
        let fits = geometry.kernel == 3 && geometry.stride == 1 && geometry.inputChannels > 4
        return fits && 36 * tiles < 9 * geometry.height * geometry.width ? [.direct, .winograd] : [.direct]
    }
}

extension Network {
    /// What can compute the passes of a convolution layer, by their keys; nil for another layer.
    public func convolutionCandidates(ofLayer name: String) -> [Pass: (
        key: String, candidates: [ConvolutionAlgorithm]
    )]? {
        guard let layer = layers.first(where: { $0.name == name }) as? ConvolutionLayer else { return nil }
        let candidates = ConvolutionChoices.candidates(layer.geometry)
        let passes = [Pass.forward, .backwardData, .backwardWeights]
        return Dictionary(
            uniqueKeysWithValues: passes.map { ($0, (ConvolutionChoices.key(layer.geometry, $0), candidates)) })
    }

    /// The keys of all passes of all convolutions.
    public var convolutionKeys: Set<String> {
        Set(layers.flatMap { convolutionCandidates(ofLayer: $0.name)?.values.map(\.key) ?? [] })
    }
}
