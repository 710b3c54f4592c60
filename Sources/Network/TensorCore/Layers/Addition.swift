import Kernels

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

    func compile(_ builder: PlanBuilder) -> Operation { Addition(self, builder) }
}

final class Addition: Operation {
    private let layer: AdditionLayer
    private let a: Slot
    private let b: Slot
    private let output: Slot
    private var outputGradient: Slot!

    init(_ layer: AdditionLayer, _ builder: PlanBuilder) {
        self.layer = layer
        a = builder.read(layer.a, .blocks)
        b = builder.read(layer.b, .blocks)
        output = builder.write(layer.output, .blocks)
    }

    /// output = max(a + b, 0)
    override func forward() { addWithReLU(a.floats, b.floats, into: output.floats, count: output.floatCount) }

    override func declareBackward(_ builder: PlanBuilder) {
        _ = builder.read(layer.output, .blocks)
        outputGradient = builder.gradient(of: layer.output)
        // Both inputs have the gradient of the sum; nothing but this layer takes them, so they share its bytes.
        builder.shareGradient(of: layer.a, with: outputGradient)
        builder.shareGradient(of: layer.b, with: outputGradient)
    }

    /// The gradient passes where the sum was positive.
    override func backwardData() {
        backThroughReLU(output.floats, outputGradient.floats, count: outputGradient.floatCount)
    }
}
