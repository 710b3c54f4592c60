import OneDNN
import Parameters

/// Collects what the operations of a plan need, while the layers are compiled.
final class PlanBuilder {
    let engine: Engine
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
    private(set) var bufferMemories: [(memory: Memory, buffer: Buffer)] = []
    private(set) var parameterMemories: [(memory: Memory, offset: Int)] = []
    private(set) var gradientMemories: [(memory: Memory, offset: Int)] = []
    private(set) var imageMemories: [Memory] = []
    private var activations: [Slot?]
    private var gradients: [Slot?]

    init(
        engine: Engine, network: Network, batch: Int, isTraining: Bool, choices: ConvolutionChoices,
        keepsAttention: Bool = false
    ) {
        self.engine = engine
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

    /// Bytes that stay for the whole step and from one step to the next, such as prepared weights.
    func allocatePersistent(_ byteCount: Int) -> Buffer {
        let buffer = allocate(byteCount)
        buffer.use(at: 0)
        buffer.use(at: endOfStep)
        return buffer
    }

    func slot(_ layout: Layout) -> Slot { Slot(layout: layout, buffer: allocate(layout.byteCount)) }

    /// A plain matrix of floats.
    func matrix(_ rows: Int, _ columns: Int) -> Buffer { allocate(rows * columns * 4) }

    // MARK: Values

    func shape(of value: Value) -> Shape { network.shape(of: value) }

    func dimensions(of value: Value) -> [Int] {
        let shape = shape(of: value)
        return [batch, shape.channels, shape.height, shape.width]
    }

    /// The layout chosen by the layer that makes the value.
    func layout(of value: Value) -> Layout { activations[value.index]!.layout }

    /// The value's bytes, needed at this moment.
    func read(_ value: Value) -> Slot {
        let slot = activations[value.index]!
        slot.buffer.use(at: now)
        return slot
    }

    /// The value that a layer makes at this moment.
    func write(_ value: Value, layout: Layout) -> Slot {
        precondition(activations[value.index] == nil, "value \(value.index) is made twice")
        let slot = slot(layout)
        activations[value.index] = slot
        return slot
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
            return GradientTarget(slot: slot(layout), addedTo: total)
        }
        let slot = slot(layout)
        gradients[value.index] = slot
        return GradientTarget(slot: slot, addedTo: nil)
    }

    /// Lets the gradient of `value` be the same bytes as `slot`, where both are equal and nothing changes them.
    func shareGradient(of value: Value, with slot: Slot) {
        precondition(gradients[value.index] == nil, "value \(value.index) has a gradient of its own")
        gradients[value.index] = slot
    }

    // MARK: Memories and primitives

    func memory(_ slot: Slot) throws -> Memory { try memory(slot.layout, in: slot.buffer) }

    func memory(_ layout: Layout, in buffer: Buffer) throws -> Memory {
        let memory = try Memory(layout, on: engine)
        bufferMemories.append((memory, buffer))
        return memory
    }

    func parameter(_ name: String) -> Parameter {
        guard let parameter = parameterLayout[name] else { preconditionFailure("no parameter is called \(name)") }
        return parameter
    }

    /// A parameter where it stands in the flat buffer.
    func parameterMemory(_ name: String, layout: Layout) throws -> Memory {
        let memory = try Memory(layout, on: engine)
        parameterMemories.append((memory, parameter(name).offset))
        return memory
    }

    /// A parameter's place in the flat buffer of gradients.
    func gradientMemory(_ name: String, layout: Layout) throws -> Memory {
        let memory = try Memory(layout, on: engine)
        gradientMemories.append((memory, parameter(name).offset))
        return memory
    }

    /// The caller's images.
    func imageMemory() throws -> Memory {
        let shape = shape(of: network.input)
        let memory = try Memory(.channelsLast(batch, shape.channels, shape.height, shape.width), on: engine)
        imageMemories.append(memory)
        return memory
    }

    /// A primitive with its arguments, and a scratchpad for this moment if it wants one.
    func primitive(_ descriptor: PrimitiveDescriptor, _ arguments: [Argument: Memory]) throws -> Primitive {
        var arguments = arguments
        let scratchpad = descriptor.layout(of: .scratchpad)
        if scratchpad.byteCount > 0 {
            arguments[.scratchpad] = try memory(scratchpad, in: allocate(scratchpad.byteCount))
        }
        return try Primitive(descriptor, on: engine, arguments)
    }

    /// The same numbers in the layout that a pass wants, and the copy that brings them there; no copy where the layout
    /// is that one already.
    func aligned(_ slot: Slot, to layout: Layout) throws -> (slot: Slot, copy: Primitive?) {
        guard slot.layout != layout else { return (slot, nil) }
        let other = self.slot(layout)
        return (other, try reorder(from: try memory(slot), to: try memory(other)))
    }

    /// What a layer takes, in the layout that it wants. The caller's images are channels last, and nobody but their one
    /// layer takes them; backward reads the copy.
    func source(_ value: Value, layout: Layout) throws -> (slot: Slot, copy: Primitive?) {
        guard value == network.input else { return try aligned(read(value), to: layout) }
        let slot = write(value, layout: layout)
        return (slot, try reorder(from: try imageMemory(), to: try memory(slot)))
    }

    /// A place for what a pass writes in a layout of its own, and the copy from there to `slot`.
    func written(to slot: Slot, from layout: Layout) throws -> (slot: Slot, copy: Primitive?) {
        guard slot.layout != layout else { return (slot, nil) }
        let other = self.slot(layout)
        return (other, try reorder(from: try memory(other), to: try memory(slot)))
    }

    /// A copy between layouts.
    func reorder(from source: Memory, to destination: Memory) throws -> Primitive {
        try primitive(
            try engine.reorder(from: source.layout, to: destination.layout),
            [.source: source, .destination: destination])
    }
}
