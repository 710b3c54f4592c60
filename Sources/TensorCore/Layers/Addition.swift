import Kernels
import OneDNN

extension Network {
    /// ReLU(a + b), for values of one shape.
    public mutating func addition(_ a: Value, _ b: Value, named name: String) -> Value {
        precondition(shape(of: a) == shape(of: b), "\(name): \(shape(of: a)) and \(shape(of: b))")
        let output = makeValue(shape(of: a))
        return append(AdditionLayer(name: name, a: a, b: b, output: output))
    }
}

struct AdditionLayer: Layer {
    let name: String
    let a: Value
    let b: Value
    let output: Value

    var inputs: [Value] { [a, b] }
    var kind: LayerDescription.Kind { .addition }
    var summary: String { "add, relu" }

    func compile(_ builder: PlanBuilder) throws -> Operation { try Addition(self, builder) }
}

final class Addition: Operation {
    private let layer: AdditionLayer
    private let a: Slot
    private let b: Slot
    private let output: Slot
    private var alignB: Primitive?
    private var outputGradient: Slot!
    private var alignGradientB: Primitive?

    init(_ layer: AdditionLayer, _ builder: PlanBuilder) throws {
        self.layer = layer
        a = builder.read(layer.a)
        let b = builder.read(layer.b)
        self.b = b.layout == a.layout ? b : builder.slot(a.layout)
        output = builder.write(layer.output, layout: a.layout)
        super.init()
        if b.layout != a.layout {
            alignB = try builder.reorder(from: try builder.memory(b), to: try builder.memory(self.b))
        }
    }

    /// output = max(a + b, 0)
    override func forward() {
        alignB?.run()
        addWithReLU(a.buffer.floats, b.buffer.floats, into: output.buffer.floats, count: output.floatCount)
    }

    override func declareBackward(_ builder: PlanBuilder) throws {
        _ = builder.read(layer.output)
        let gradient = builder.gradient(of: layer.output)
        outputGradient = gradient
        // Both inputs have the gradient of the sum; nothing but this layer takes them, so they share its bytes.
        builder.shareGradient(of: layer.a, with: gradient)
        let layoutB = builder.layout(of: layer.b)
        if layoutB == gradient.layout {
            builder.shareGradient(of: layer.b, with: gradient)
        } else {
            let target = builder.gradientTarget(of: layer.b)
            alignGradientB = try builder.reorder(
                from: try builder.memory(gradient), to: try builder.memory(target.slot))
        }
    }

    /// The gradient passes where the sum was positive.
    override func backwardData() {
        backThroughReLU(output.buffer.floats, outputGradient.buffer.floats, count: outputGradient.floatCount)
        alignGradientB?.run()
    }
}
