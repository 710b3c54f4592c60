import Kernels
import Parameters

extension Network {
    /// Batch normalization over n, h and w, with scale gamma and shift beta.
    ///
    /// In training it uses the shard's own mean and biased variance, and leaves them in the gradient buffer at the
    /// places of the moving statistics; otherwise it uses the moving ones.
    public mutating func batchNormalization(_ input: Value, named name: String, epsilon: Float = 1e-3) -> Value {
        let shape = shape(of: input)
        declare("\(name).gamma", [shape.channels], .ones)
        declare("\(name).beta", [shape.channels], .zeros)
        declare("\(name).moving_mean", [shape.channels], .zeros, role: .statistic)
        declare("\(name).moving_variance", [shape.channels], .ones, role: .statistic)
        let output = makeValue(shape)
        return append(BatchNormalizationLayer(name: name, input: input, output: output, epsilon: epsilon))
    }
}

struct BatchNormalizationLayer: Layer {
    let name: String
    let input: Value
    let output: Value
    let epsilon: Float

    var inputs: [Value] { [input] }
    var kind: LayerDescription.Kind { .batchNormalization(epsilon: epsilon) }
    var summary: String { "batch norm" }
    var parameters: [String] { ["gamma", "beta", "moving_mean", "moving_variance"].map { "\(name).\($0)" } }

    func compile(_ builder: PlanBuilder) -> Operation { BatchNormalization(self, builder) }
}

final class BatchNormalization: Operation {
    private let layer: BatchNormalizationLayer
    private let norm: BatchNorm
    private let context: StepContext
    private let input: Slot
    private let output: Slot
    private let isTraining: Bool
    private let offsets: (gamma: Int, beta: Int, mean: Int, variance: Int)
    private var outputGradient: Slot!
    private var inputGradient: GradientTarget!
    /// Where the gradient of the bias belongs of the convolution below, if there is one.
    private var biasBelow: Int?

    init(_ layer: BatchNormalizationLayer, _ builder: PlanBuilder) {
        self.layer = layer
        context = builder.context
        let shape = builder.shape(of: layer.input)
        norm = BatchNorm(
            batch: builder.batch, channels: shape.channels, pixels: shape.pixels, epsilon: layer.epsilon)
        input = builder.read(layer.input, .blocks)
        output = builder.write(layer.output, .blocks)
        isTraining = builder.isTraining
        func offset(_ name: String) -> Int { builder.parameter("\(layer.name).\(name)").offset }
        offsets = (offset("gamma"), offset("beta"), offset("moving_mean"), offset("moving_variance"))
    }

    /// The shard's own statistics stand in the gradient's buffer.
    private var statistics: UnsafePointer<Float> {
        isTraining ? UnsafePointer(context.gradients) : context.parameters
    }

    /// output = gamma (input - mean) / sqrt(variance + epsilon) + beta.
    override func forward() {
        if isTraining {
            norm.statistics(
                input.floats, mean: context.gradients + offsets.mean, variance: context.gradients + offsets.variance)
        }
        norm.apply(
            input.floats, mean: statistics + offsets.mean, variance: statistics + offsets.variance,
            gamma: context.parameters + offsets.gamma, beta: context.parameters + offsets.beta, into: output.floats)
    }

    override func declareBackward(_ builder: PlanBuilder) {
        _ = builder.read(layer.input, .blocks)
        outputGradient = builder.gradient(of: layer.output)
        inputGradient = builder.gradientTarget(of: layer.input)
        biasBelow = builder.biasBelow(layer.input)
    }

    /// The gradient through the statistics too (Ioffe and Szegedy, ICML 2015).
    override func backwardData() {
        norm.backward(
            outputGradient.floats, x: input.floats, mean: statistics + offsets.mean,
            variance: statistics + offsets.variance, gamma: context.parameters + offsets.gamma,
            into: inputGradient.slot.floats, gammaGradient: context.gradients + offsets.gamma,
            betaGradient: context.gradients + offsets.beta, sums: biasBelow.map { context.gradients + $0 })
        inputGradient.finish()
    }
}
