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

    /// Computes whole steps of one shard of `samples`, on the calling thread, with the algorithms by turns.
    public init(model: ModelSettings, samples: Int, steps: Int) throws {
        precondition(samples > 0 && steps > 0, "timing of \(samples) samples, \(steps) steps")
        // The head plays no part.
        var model = model
        (model.denseLayers, model.denseWidth) = (1, 1)
        let network = Network.attentionUNet(model)
        let parameters = network.parameterLayout.initialParameters(seed: 1)
        let gradients = FloatBuffer(count: network.parameterLayout.gradientCount)
        let images = FloatBuffer(count: samples * network.shape(of: network.input).count)
        CounterGenerator(seed: 1, purpose: .probe).fillUniform(images.floats)
        let labels = (0..<samples).map { Int32($0 % model.classes) }
        let lanes = try ConvolutionAlgorithm.allCases.map { algorithm in
            var numerics = NumericsSettings()
            numerics.convolutions = ConvolutionChoices(algorithm)
            return (algorithm, try LaneComputation(network: network, numerics: numerics))
        }

        // The best of the steps, for whatever else the machine does can only add to one.
        var seconds: [String: [ConvolutionAlgorithm: Double]] = [:]
        for step in 0..<steps + 1 {
            for (algorithm, lane) in lanes {
                let plan = lane.plan(samples: samples, mode: .training)
                plan.profile = StepProfile(network: network, batch: samples)
                _ = try labels.withUnsafeBufferPointer { labels in
                    try lane.train(
                        ShardInput(
                            samples: samples, images: images.base, labels: labels.baseAddress!, stepSamples: samples,
                            dropout: nil),
                        parameters: parameters.base, gradients: gradients.base)
                }
                // The first step touches memory for the first time.
                guard step > 0 else { continue }
                for (key, time) in Self.secondsOfPasses(plan.profile!.rows, of: network, by: algorithm) {
                    seconds[key, default: [:]][algorithm] = min(seconds[key]?[algorithm] ?? .infinity, time)
                }
            }
        }
        rows = seconds.sorted { $0.key < $1.key }.compactMap { key, seconds in
            guard seconds.count > 1, let best = seconds.min(by: { $0.value < $1.value }) else { return nil }
            let preferred = ConvolutionChoices().preferred
            let isWorthwhile = best.value < Self.worthwhile * (seconds[preferred] ?? .infinity)
            return Row(key: key, seconds: seconds, chosen: isWorthwhile ? best.key : preferred)
        }
    }

    /// One step's times by key.
    private static func secondsOfPasses(
        _ rows: [StepProfile.Row], of network: Network, by algorithm: ConvolutionAlgorithm
    ) -> [String: Double] {
        var seconds: [String: Double] = [:]
        for row in rows {
            guard let passes = network.convolutionCandidates(ofLayer: row.layer), let pass = Pass(rawValue: row.pass)
            else { continue }
            guard let (key, candidates) = passes[pass], candidates.contains(algorithm) else { continue }
            seconds[key, default: 0] += row.seconds
        }
        return seconds
    }

    /// What a run's configuration takes.
    public var choices: ConvolutionChoices {
        ConvolutionChoices(measured: Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.chosen) }))
    }
}
