import Kernels

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

    func compile(_ builder: PlanBuilder) -> Operation { MaxPooling(self, builder) }
}

final class MaxPooling: Operation {
    private let layer: MaxPoolingLayer
    private let context: StepContext
    private let pool: MaxPool
    private let batch: Int
    private let channels: Int
    private let input: Slot
    private let output: Slot
    /// Which element of each window was the largest, a byte each; nil outside of training.
    private let places: Buffer?
    private var outputGradient: Slot!
    private var inputGradient: Slot!
    private var adds = false
    private var relu: PlanBuilder.ReLUBelow?

    init(_ layer: MaxPoolingLayer, _ builder: PlanBuilder) {
        self.layer = layer
        context = builder.context
        batch = builder.batch
        let shape = builder.shape(of: layer.input)
        channels = shape.channels
        pool = MaxPool(
            planes: builder.batch * Shape.blocks(shape.channels), height: shape.height, width: shape.width,
            size: layer.size)
        input = builder.read(layer.input, .blocks)
        output = builder.write(layer.output, .blocks)
        places = builder.isTraining ? builder.allocate(output.floatCount) : nil
    }

    private var placesOfWindows: UnsafeMutablePointer<UInt8>? { places?.pointer.assumingMemoryBound(to: UInt8.self) }

    override func forward() { pool.forward(input.floats, into: output.floats, places: placesOfWindows) }

    override func declareBackward(_ builder: PlanBuilder) {
        places?.use(at: builder.now)
        outputGradient = builder.gradient(of: layer.output)
        (inputGradient, adds) = builder.gradientInPlace(of: layer.input)
        if pool.leadsThroughReLU { relu = builder.reluBelow(layer.input, of: layer, alone: false) }
    }

    /// Each window's gradient goes to its largest element.
    override func backwardData() {
        if let relu {
            pool.backward(
                outputGradient.floats, places: placesOfWindows!, through: relu.output.floats, batch: batch,
                channels: channels, adds: adds, into: inputGradient.floats, sums: context.gradients + relu.bias)
        } else {
            pool.backward(outputGradient.floats, places: placesOfWindows!, adds: adds, into: inputGradient.floats)
        }
    }
}
