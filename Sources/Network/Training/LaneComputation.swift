import AttentionUNet
import Evaluation
import Kernels
import Parameters
import TensorCore

/// What a shard's training gave, beside the gradient.
public struct ShardOutcome: Sendable, Equatable {
    public let samples: Int
    /// The sum of the samples' cross-entropies, weighted as the samples are.
    public let lossSum: Double
    /// Samples whose most probable class is the true one.
    public let correct: Int
}

/// A shard of a step: `samples` images `[n, h, w, 3]` with their labels.
public struct ShardInput {
    public let samples: Int
    public let images: UnsafePointer<Float>
    public let labels: UnsafePointer<Int32>
    /// What each sample's loss counts; nil: one.
    public let weights: UnsafePointer<Float>?
    /// Samples of the whole step, over which the loss is averaged.
    public let stepSamples: Int
    public let dropout: Dropout?

    public init(
        samples: Int, images: UnsafePointer<Float>, labels: UnsafePointer<Int32>,
        weights: UnsafePointer<Float>? = nil, stepSamples: Int, dropout: Dropout?
    ) {
        self.samples = samples
        self.images = images
        self.labels = labels
        self.weights = weights
        self.stepSamples = stepSamples
        self.dropout = dropout
    }
}

/// What a lane computes with: the plans of one thread, which share one arena.
///
/// Made and used on one thread. The result of a shard is a function of its input, the parameters and the run's
/// numerics; not of the lane.
public final class LaneComputation {
    public let network: Network
    public let layout: ParameterLayout
    private let statistics: [Parameter]
    private let convolutions: ConvolutionChoices
    private let keepsAttention: Bool
    private let arena = Arena()
    private var plans: [PlanKey: Plan] = [:]
    /// Who multiplies with the factored kernel where the lane does not; then the parameters may end before it.
    public var factoredProducts: (any FactoredProducts)? {
        didSet { for plan in plans.values { plan.factoredProducts = factoredProducts } }
    }

    /// The thread rounds otherwise than to nearest, or takes subnormal numbers for zero: its bits would be others.
    public struct Unreliable: Error, CustomStringConvertible {
        public let description = "this thread does not compute as IEEE 754 says; see what set its control register"
    }

    /// A product with the factored kernel was not to be had, or the parameters did not come.
    public struct GivenUp: Error {}

    private struct PlanKey: Hashable {
        let samples: Int
        let isTraining: Bool
    }

    /// With `keepsAttention`, the attention of scored samples can be read.
    public init(network: Network, numerics: NumericsSettings, keepsAttention: Bool = false) throws {
        self.keepsAttention = keepsAttention
        self.network = network
        layout = network.parameterLayout
        statistics = layout.parameters.filter { $0.role == .statistic }
        convolutions = numerics.convolutions
        guard arithmeticIsIEEE else { throw Unreliable() }
    }

    /// Writes the shard's part of the step's gradient to `gradients` (`layout.gradientCount` floats) and returns the
    /// factors of the factored kernel's, which stay valid until the lane computes again.
    ///
    /// Gradients are those of the mean loss of the whole step, statistics are weighted by the shard's share of the
    /// samples: the sum over the shards is the step's.
    ///
    /// `waiting` returns when the first `count` parameters are there, false if they will not come; without it all are.
    /// `settled` is called when all of `gradients` from a place on is as it will be, with ever smaller places and 0 in
    /// the end.
    public func train(
        _ shard: ShardInput, parameters: UnsafePointer<Float>,
        waiting: ((_ count: Int) -> Bool)? = nil, gradients: UnsafeMutablePointer<Float>,
        settled: ((_ first: Int) throws -> Void)? = nil
    ) throws -> (outcome: ShardOutcome, factors: (x: UnsafeBufferPointer<Float>, d: UnsafeBufferPointer<Float>)) {
        let plan = plan(samples: shard.samples, mode: .training)
        plan.load(parameters, waiting: waiting)
        plan.forward(images: shard.images, gradients: gradients, dropout: shard.dropout)
        let share = Float(shard.samples) / Float(shard.stepSamples)
        var end = layout.gradientCount
        try plan.backward(labels: shard.labels, weights: shard.weights, scale: 1 / Float(shard.stepSamples)) { first in
            for parameter in self.statistics where share < 1 && (first..<end).contains(parameter.offset) {
                for i in parameter.range { gradients[i] *= share }
            }
            end = first
            try settled?(first)
        }
        if plan.isGivenUp { throw GivenUp() }
        return (outcome(plan, shard), plan.factors!)
    }

    /// Computes probabilities with the moving statistics: `body` gets them as `[samples, classes]`.
    public func score<Result>(
        samples: Int, images: UnsafePointer<Float>, parameters: UnsafePointer<Float>,
        factoredKernel: UnsafePointer<Float>? = nil, waiting: ((_ count: Int) -> Bool)? = nil,
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) throws -> Result {
        let plan = plan(samples: samples, mode: .inference)
        plan.load(parameters, factoredKernel: factoredKernel, waiting: waiting)
        plan.forward(images: images)
        if plan.isGivenUp { throw GivenUp() }
        return try body(plan.probabilities)
    }

    /// The probabilities of one image, and what each attention gate lets through of it; for a lane that keeps that.
    public func look(
        at image: UnsafePointer<Float>, parameters: ModelParameters
    ) throws -> (probabilities: [Float], maps: [AttentionMap]) {
        let probabilities = try score(
            samples: 1, images: image, parameters: parameters.base, factoredKernel: parameters.factoredKernel
        ) { Array($0) }
        return (probabilities, plan(samples: 1, mode: .inference).attentionMaps(of: 0))
    }

    /// X^T D, the gradient that the factors stand for.
    func product(
        of factors: (x: UnsafeBufferPointer<Float>, d: UnsafeBufferPointer<Float>), samples: Int, _ parameter: Parameter
    ) -> FloatBuffer {
        let result = FloatBuffer(count: parameter.count)
        Kernels.product(
            rows: parameter.shape[0], width: parameter.shape[1], depth: samples, ofColumns: factors.x.baseAddress!,
            factors.d.baseAddress!, into: result.base)
        return result
    }

    /// The plan for a number of samples, compiled when it is first wanted.
    public func plan(samples: Int, mode: Plan.Mode) -> Plan {
        let key = PlanKey(samples: samples, isTraining: mode == .training)
        if let plan = plans[key] { return plan }
        let plan = Plan(
            network, batch: samples, mode: mode, convolutions: convolutions, keepsAttention: keepsAttention,
            arena: arena)
        plan.factoredProducts = factoredProducts
        plans[key] = plan
        return plan
    }

    private func outcome(_ plan: Plan, _ shard: ShardInput) -> ShardOutcome {
        let probabilities = plan.probabilities
        let classes = network.classes
        let correct = (0..<shard.samples).count { sample in
            probabilities[sample * classes..<(sample + 1) * classes].mostProbable == Int(shard.labels[sample])
        }
        let loss = plan.lossSum(labels: shard.labels, weights: shard.weights)
        return ShardOutcome(samples: shard.samples, lossSum: loss, correct: correct)
    }
}
