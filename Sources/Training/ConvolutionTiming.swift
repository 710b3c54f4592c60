import AttentionUNet
import Parameters
import Randomness
import TensorCore

/// Times every algorithm for each pass of each convolution of a model, where more than one can compute it.
public struct ConvolutionTiming {
    /// One pass of the convolutions of one shape.
    public struct Row: Codable, Sendable {
        public let key: String
        /// By algorithm, of one shard.
        public let seconds: [ConvolutionAlgorithm: Double]
        public let chosen: ConvolutionAlgorithm
    }

    public let rows: [Row]

    /// The preferred algorithm stays unless another takes less than this share of its time: a choice decides bits, and
    /// must not follow noise.
    static let worthwhile = 0.95

    /// Computes whole steps of one shard of `samples`, on the calling thread, with one algorithm after the other.
    public init(model: ModelSettings, samples: Int, steps: Int) throws {
        precondition(samples > 0 && steps > 0, "timing of \(samples) samples, \(steps) steps")
        // The head plays no part.
        var model = model
        (model.denseLayers, model.denseWidth) = (1, 1)
        let network = Network.attentionUNet(model)
        let keys = network.convolutionKeys
        let parameters = network.parameterLayout.initialParameters(seed: 1)
        let gradients = FloatBuffer(count: network.parameterLayout.gradientCount)
        let images = FloatBuffer(count: samples * network.shape(of: network.input).count)
        CounterGenerator(seed: 1, purpose: .probe).fillUniform(images.floats)
        let labels = (0..<samples).map { Int32($0 % model.classes) }

        var seconds: [String: [ConvolutionAlgorithm: Double]] = [:]
        for algorithm in ConvolutionAlgorithm.allCases {
            var numerics = NumericsSettings()
            numerics.convolutions = ConvolutionChoices(algorithm)
            let computation = try LaneComputation(network: network, numerics: numerics)
            let plan = try computation.plan(samples: samples, mode: .training)
            for step in 0..<steps + 1 {
                // The first step touches memory for the first time.
                if step == 1 { plan.profile = StepProfile(network: network, batch: samples) }
                _ = try labels.withUnsafeBufferPointer { labels in
                    try computation.train(
                        ShardInput(
                            samples: samples, images: images.base, labels: labels.baseAddress!, stepSamples: samples,
                            dropout: nil),
                        parameters: parameters.base, version: 1, gradients: gradients.base)
                }
            }
            for row in plan.profile!.rows {
                guard let key = keys[row.layer]?[row.pass], key.candidates.contains(algorithm) else { continue }
                seconds[key.text, default: [:]][algorithm, default: 0] += row.seconds
            }
        }
        rows = seconds.sorted { $0.key < $1.key }.compactMap { key, seconds in
            guard seconds.count > 1, let best = seconds.min(by: { $0.value < $1.value }) else { return nil }
            let preferred = ConvolutionChoices().preferred
            let isWorthwhile = best.value < Self.worthwhile * (seconds[preferred] ?? .infinity)
            return Row(key: key, seconds: seconds, chosen: isWorthwhile ? best.key : preferred)
        }
    }

    /// What a run's configuration takes.
    public var choices: ConvolutionChoices {
        ConvolutionChoices(measured: Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.chosen) }))
    }
}
