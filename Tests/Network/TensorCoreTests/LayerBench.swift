import Parameters

@testable import TensorCore

/// Layers under test between plain `[n, h, w, c]` arrays: values in, the last value out, and gradients back.
///
/// `Plan` compiles whole networks only. The bench compiles like it, with operations at both ends that copy from and
/// to arrays.
final class LayerBench {
    let context: StepContext
    let layout: ParameterLayout
    let parameters: FloatBuffer
    /// NaN until backward writes it.
    let gradients: FloatBuffer
    private let feeds: [Feed]
    private let probe: Probe?
    private let operations: [Operation]
    private let memory: FloatBuffer

    /// The inputs lie in memory in these layouts. `declare` adds the layers to the network and returns the value to
    /// look at; nil where the loss is the end.
    init(
        batch: Int, _ inputs: [Shape], _ layouts: [Layout], training: Bool = true,
        algorithm: ConvolutionAlgorithm = .direct, declare: (inout Network, [Value]) -> Value?
    ) {
        // The images are not used: a layer that took them would have no gradient of its input.
        var network = Network(input: Shape(1, 1, 1))
        let values = zip(inputs, layouts).map { shape, layout in
            network.append(FeedLayer(output: network.makeValue(shape), layout: layout))
        }
        if let output = declare(&network, values) {
            _ = network.append(ProbeLayer(output: output))
        }
        let builder = PlanBuilder(
            network: network, batch: batch, isTraining: training, choices: ConvolutionChoices(algorithm))
        var operations: [Operation] = []
        for (index, layer) in network.layers.enumerated() {
            builder.now = index
            operations.append(layer.compile(builder))
        }
        if training {
            for (index, operation) in operations.enumerated().reversed() {
                builder.now = builder.endOfStep - 1 - index
                operation.declareBackward(builder)
            }
        }
        self.operations = operations
        feeds = operations.compactMap { $0 as? Feed }
        probe = operations.last as? Probe
        context = builder.context
        layout = builder.parameterLayout
        parameters = FloatBuffer(count: layout.count)
        gradients = FloatBuffer(count: layout.count)
        gradients.floats.update(repeating: .nan)

        let byteCount = place(builder.buffers)
        memory = FloatBuffer(count: byteCount / 4)
        memory.floats.update(repeating: .nan)  // Nothing may depend on what the memory held before.
        bind(builder.buffers, to: memory.base)
        context.parameters = UnsafePointer(parameters.base)
        context.gradients = gradients.base
    }

    var lossLayer: SoftmaxCrossEntropy { operations.last as! SoftmaxCrossEntropy }

    func setInput(_ index: Int = 0, to values: [Float]) { feeds[index].values.set(values) }

    func setParameter(_ name: String, to values: [Float]) { parameters.floats(of: layout[name]!).set(values) }

    /// The output, `[n, h, w, c]`; empty where the loss is the end.
    @discardableResult func forward() -> [Float] {
        for operation in operations { operation.forward() }
        return probe.map { Array($0.values) } ?? []
    }

    /// Backward from the gradient of the output; call after forward.
    func backward(_ outputGradient: [Float] = []) {
        probe?.gradient.set(outputGradient)
        for operation in operations.reversed() {
            operation.backwardWeights()
            operation.backwardData()
        }
    }

    func inputGradient(_ index: Int = 0) -> [Float] { Array(feeds[index].gradient) }

    func gradient(_ name: String) -> [Float] { Array(gradients.floats(of: layout[name]!)) }
}

extension UnsafeMutableBufferPointer<Float> {
    fileprivate func set(_ values: [Float]) {
        precondition(values.count == count, "\(values.count) numbers for \(count)")
        _ = update(from: values)
    }
}
