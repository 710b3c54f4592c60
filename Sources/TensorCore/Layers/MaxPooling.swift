import OneDNN

extension Network {
    /// The maximum of each `size` x `size` window, with the same stride.
    public mutating func maxPooling(_ input: Value, named name: String, size: Int = 2) -> Value {
        let shape = shape(of: input)
        let output = makeValue(Shape(shape.height / size, shape.width / size, shape.channels))
        return append(MaxPoolingLayer(name: name, input: input, output: output, size: size))
    }
}

struct MaxPoolingLayer: Layer {
    let name: String
    let input: Value
    let output: Value
    let size: Int

    var inputs: [Value] { [input] }
    var kind: LayerDescription.Kind { .maxPooling(size: size) }
    var summary: String { "max-pool \(size)x\(size)" }

    func compile(_ builder: PlanBuilder) throws -> Operation { try MaxPooling(self, builder) }
}

final class MaxPooling: Operation {
    private let layer: MaxPoolingLayer
    private let forwardDescriptor: PrimitiveDescriptor
    private let forwardPrimitive: Primitive
    private let workspace: Slot?
    private var backwardPrimitive: Primitive!
    private var inputGradient: GradientTarget!

    init(_ layer: MaxPoolingLayer, _ builder: PlanBuilder) throws {
        self.layer = layer
        let source = builder.read(layer.input)
        forwardDescriptor = try builder.engine.maxPoolForward(
            source: source.layout, destination: .any(builder.dimensions(of: layer.output)), size: layer.size,
            training: builder.isTraining)
        let destination = builder.write(layer.output, layout: forwardDescriptor.layout(of: .destination))
        var arguments = [
            Argument.source: try builder.memory(source), .destination: try builder.memory(destination),
        ]
        // Which element of each window was the largest.
        let chosen = forwardDescriptor.layout(of: .workspace)
        workspace = builder.isTraining && chosen.byteCount > 0 ? builder.slot(chosen) : nil
        if let workspace { arguments[.workspace] = try builder.memory(workspace) }
        forwardPrimitive = try builder.primitive(forwardDescriptor, arguments)
    }

    override func forward() { forwardPrimitive.run() }

    override func declareBackward(_ builder: PlanBuilder) throws {
        let outputGradient = builder.gradient(of: layer.output)
        inputGradient = builder.gradientTarget(of: layer.input)
        let descriptor = try builder.engine.maxPoolBackward(
            source: inputGradient.slot.layout, destination: outputGradient.layout, size: layer.size,
            forward: forwardDescriptor)
        var arguments = [
            Argument.destinationGradient: try builder.memory(outputGradient),
            .sourceGradient: try builder.memory(inputGradient.slot),
        ]
        if let workspace {
            workspace.buffer.use(at: builder.now)
            arguments[.workspace] = try builder.memory(workspace)
        }
        backwardPrimitive = try builder.primitive(descriptor, arguments)
    }

    /// Each window's gradient goes to its largest element.
    override func backwardData() {
        backwardPrimitive.run()
        inputGradient.finish()
    }
}
