import OneDNN
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

    func compile(_ builder: PlanBuilder) throws -> Operation { try BatchNormalization(self, builder) }
}

final class BatchNormalization: Operation {
    private let layer: BatchNormalizationLayer
    private let forwardDescriptor: PrimitiveDescriptor
    private let forwardPrimitive: Primitive
    private var backwardPrimitive: Primitive!
    private var inputGradient: GradientTarget!

    init(_ layer: BatchNormalizationLayer, _ builder: PlanBuilder) throws {
        self.layer = layer
        let source = builder.read(layer.input)
        let destination = builder.write(layer.output, layout: source.layout)
        let channels = Layout.vector(builder.shape(of: layer.input).channels)
        forwardDescriptor = try builder.engine.batchNormForward(
            layout: source.layout, epsilon: layer.epsilon, training: builder.isTraining)
        let statistic = builder.isTraining ? builder.gradientMemory : builder.parameterMemory
        forwardPrimitive = try builder.primitive(
            forwardDescriptor,
            [
                .source: try builder.memory(source), .destination: try builder.memory(destination),
                .mean: try statistic("\(layer.name).moving_mean", channels),
                .variance: try statistic("\(layer.name).moving_variance", channels),
                .scale: try builder.parameterMemory("\(layer.name).gamma", layout: channels),
                .shift: try builder.parameterMemory("\(layer.name).beta", layout: channels),
            ])
    }

    /// output = gamma (input - mean) / sqrt(variance + epsilon) + beta.
    override func forward() { forwardPrimitive.run() }

    override func declareBackward(_ builder: PlanBuilder) throws {
        let outputGradient = builder.gradient(of: layer.output)
        let source = builder.read(layer.input)
        inputGradient = builder.gradientTarget(of: layer.input)
        let channels = Layout.vector(builder.shape(of: layer.input).channels)
        let descriptor = try builder.engine.batchNormBackward(
            layout: source.layout, epsilon: layer.epsilon, forward: forwardDescriptor)
        backwardPrimitive = try builder.primitive(
            descriptor,
            [
                .source: try builder.memory(source),
                .mean: try builder.gradientMemory("\(layer.name).moving_mean", layout: channels),
                .variance: try builder.gradientMemory("\(layer.name).moving_variance", layout: channels),
                .scale: try builder.parameterMemory("\(layer.name).gamma", layout: channels),
                // Not read, but oneDNN 2.6 counts it among the arguments.
                .shift: try builder.parameterMemory("\(layer.name).beta", layout: channels),
                .destinationGradient: try builder.memory(outputGradient),
                .sourceGradient: try builder.memory(inputGradient.slot),
                .scaleGradient: try builder.gradientMemory("\(layer.name).gamma", layout: channels),
                .shiftGradient: try builder.gradientMemory("\(layer.name).beta", layout: channels),
            ])
    }

    /// The gradient through the statistics too (Ioffe and Szegedy, ICML 2015).
    override func backwardData() {
        backwardPrimitive.run()
        inputGradient.finish()
    }
}
