import Parameters

/// Collects what the operations of a plan need, while the layers are compiled.
final class PlanBuilder {
    let network: Network
    let batch: Int
    let isTraining: Bool
    let choices: ConvolutionChoices
    /// Do the masks of attention gates stay until the end of the step?
    let keepsAttention: Bool
    let context = StepContext()
    let parameterLayout: ParameterLayout

    /// The moment being declared.
    var now = 0
    let endOfStep: Int

    private(set) var buffers: [Buffer] = []
    private var activations: [Slot?]
    private var gradients: [Slot?]
    private var isSummed: Set<Int> = []

    init(
        network: Network, batch: Int, isTraining: Bool, choices: ConvolutionChoices, keepsAttention: Bool = false
    ) {
        self.network = network
        self.batch = batch
        self.isTraining = isTraining
        self.choices = choices
        self.keepsAttention = keepsAttention
        parameterLayout = network.parameterLayout
        endOfStep = 2 * network.layers.count + 1
        activations = Array(repeating: nil, count: network.shapes.count)
        gradients = activations
    }

    // MARK: Buffers

    /// Bytes that are needed at this moment, and longer if somebody uses them later.
    func allocate(_ byteCount: Int) -> Buffer {
        let buffer = Buffer(byteCount: byteCount, at: now)
        buffers.append(buffer)
        return buffer
    }

    /// A plain matrix of floats.
    func matrix(_ rows: Int, _ columns: Int) -> Buffer { allocate(rows * columns * 4) }

    // MARK: Values

    func shape(of value: Value) -> Shape { network.shape(of: value) }

    /// The layout chosen by the layer that makes the value.
    func layout(of value: Value) -> Layout { activations[value.index]!.layout }

    private func slot(_ value: Value, _ layout: Layout) -> Slot {
        let floatCount = layout.floatCount(batch: batch, shape(of: value))
        return Slot(layout: layout, floatCount: floatCount, buffer: allocate(4 * floatCount))
    }

    /// The value's bytes, needed at this moment, by a layer that takes this layout.
    func read(_ value: Value, _ layout: Layout) -> Slot {
        guard let slot = activations[value.index], slot.layout == layout else {
            preconditionFailure("value \(value.index) is not there in \(layout)")
        }
        slot.buffer.use(at: now)
        return slot
    }

    /// The value that a layer makes at this moment.
    func write(_ value: Value, _ layout: Layout) -> Slot {
        precondition(activations[value.index] == nil, "value \(value.index) is made twice")
        let slot = slot(value, layout)
        activations[value.index] = slot
        return slot
    }

    /// The layers that take a value.
    private func takers(of value: Value) -> [any Layer] { network.layers.filter { $0.inputs.contains(value) } }

    /// The convolution that makes a value, if one does.
    private func convolution(making value: Value) -> ConvolutionLayer? {
        network.layers.first { $0.output == value } as? ConvolutionLayer
    }

    /// Does anything have parameters below this value?
    func needsGradient(_ value: Value) -> Bool { value != network.input }

    /// The finished gradient of what a layer made.
    func gradient(of value: Value) -> Slot {
        let slot = gradients[value.index]!
        slot.buffer.use(at: now)
        return slot
    }

    /// A place for the gradient of what a layer took.
    func gradientTarget(of value: Value) -> GradientTarget {
        let layout = layout(of: value)
        if let total = gradients[value.index] {
            total.buffer.use(at: now)
            return GradientTarget(slot: slot(value, layout), addedTo: total)
        }
        let slot = slot(value, layout)
        gradients[value.index] = slot
        return GradientTarget(slot: slot, addedTo: nil)
    }

    /// The place where the gradient of what a layer took is added up, and whether anything stands there already.
    func gradientInPlace(of value: Value) -> (slot: Slot, adds: Bool) {
        if gradients[value.index] != nil { return (gradient(of: value), true) }
        return (gradientTarget(of: value).slot, false)
    }

    // MARK: Gradients through a ReLU

    /// What a layer needs that brings the gradient of its input back through the ReLU of the convolution which made it.
    struct ReLUBelow {
        /// The ReLU's output.
        let output: Slot
        /// Where the gradient of its bias belongs.
        let bias: Int
    }

    /// For a layer that is the last in backward to reach its input, if that is made by a convolution with a ReLU: then
    /// this layer's gradient is the whole, and the convolution need not read it again for its bias.
    ///
    /// Call once the layer will really do it.
    func reluBelow(_ value: Value, of layer: any Layer, alone: Bool) -> ReLUBelow? {
        let takers = takers(of: value)
        guard let maker = convolution(making: value), maker.activation == .relu, takers.first?.name == layer.name,
            !alone || takers.count == 1
        else { return nil }
        isSummed.insert(value.index)
        return ReLUBelow(output: read(value, .blocks), bias: parameter("\(maker.name).bias").offset)
    }

    /// For the only layer that takes what a convolution without an activation makes: where the gradient of its bias
    /// belongs. The convolution need not read its output's gradient for it.
    ///
    /// Call once the layer will really sum that gradient.
    func biasBelow(_ value: Value) -> Int? {
        guard let maker = convolution(making: value), maker.activation == nil, !maker.isMap,
            takers(of: value).count == 1
        else { return nil }
        isSummed.insert(value.index)
        return parameter("\(maker.name).bias").offset
    }

    /// Has the layer above brought the gradient of this value back through its ReLU, if it has one, and summed it?
    func isGradientSummed(of value: Value) -> Bool { isSummed.contains(value.index) }

    /// Lets the gradient of `value` be the same bytes as `slot`, where both are equal and nothing else takes the value,
    /// so that nothing adds to them.
    func shareGradient(of value: Value, with slot: Slot) {
        precondition(takers(of: value).count == 1, "value \(value.index) has other gradients to add")
        precondition(gradients[value.index] == nil, "value \(value.index) has a gradient of its own")
        gradients[value.index] = slot
    }

    func parameter(_ name: String) -> Parameter {
        guard let parameter = parameterLayout[name] else { preconditionFailure("no parameter is called \(name)") }
        return parameter
    }
}
