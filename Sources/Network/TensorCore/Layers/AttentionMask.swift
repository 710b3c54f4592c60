import Kernels

extension Network {
    /// The gate's product: `mask`, one channel at half the extent, repeated over 2x2 pixels (nearest upsampling) and
    /// over the channels, times `input`.
    public mutating func attentionMask(_ input: Value, by mask: Value, named name: String) -> Value {
        let (shape, small) = (shape(of: input), shape(of: mask))
        precondition(
            small == Shape(shape.height / 2, shape.width / 2, 1) && shape.height % 2 == 0 && shape.width % 2 == 0,
            "\(name): a mask of \(small) for \(shape)")
        let output = makeValue(shape)
        return append(AttentionMaskLayer(name: name, input: input, mask: mask, output: output))
    }
}

struct AttentionMaskLayer: Layer {
    let name: String
    let input: Value
    let mask: Value
    let output: Value

    var inputs: [Value] { [input, mask] }
    var kind: LayerDescription.Kind { .attentionMask }
    var summary: String { "upsample 2x, multiply" }

    func compile(_ builder: PlanBuilder) -> Operation { AttentionMask(self, builder) }
}

/// What an attention gate lets through: a factor in 0...1 for each place, `[height, width]`.
public struct AttentionMap: Sendable {
    /// The layer's name, such as "decoder.1.attention.mask".
    public let name: String
    public let height: Int
    public let width: Int
    public let factors: [Float]

    public init(name: String, height: Int, width: Int, factors: [Float]) {
        precondition(factors.count == height * width, "\(factors.count) factors for \(height)x\(width)")
        self.name = name
        self.height = height
        self.width = width
        self.factors = factors
    }
}

final class AttentionMask: Operation {
    private let layer: AttentionMaskLayer
    private let gate: Gate
    private let input: Slot
    private let mask: Slot
    private let output: Slot
    private let keepsMask: Bool
    private var outputGradient: Slot!
    private var inputGradient: GradientTarget!
    private var maskGradient: GradientTarget!

    init(_ layer: AttentionMaskLayer, _ builder: PlanBuilder) {
        self.layer = layer
        let shape = builder.shape(of: layer.input)
        gate = Gate(batch: builder.batch, channels: shape.channels, height: shape.height, width: shape.width)
        input = builder.read(layer.input, .blocks)
        mask = builder.read(layer.mask, .map)
        output = builder.write(layer.output, .blocks)
        keepsMask = builder.keepsAttention
        if keepsMask { mask.buffer.use(at: builder.endOfStep) }
    }

    /// The mask of a sample; nil unless it is kept.
    func map(of sample: Int) -> AttentionMap? {
        guard keepsMask else { return nil }
        let (height, width) = (gate.height / 2, gate.width / 2)
        let factors = UnsafeBufferPointer(start: mask.floats + sample * height * width, count: height * width)
        return AttentionMap(name: layer.name, height: height, width: width, factors: Array(factors))
    }

    /// output[n, y, x, c] = mask[n, y / 2, x / 2] input[n, y, x, c]
    override func forward() { gate.forward(input.floats, map: mask.floats, into: output.floats) }

    override func declareBackward(_ builder: PlanBuilder) {
        _ = builder.read(layer.input, .blocks)
        _ = builder.read(layer.mask, .map)
        outputGradient = builder.gradient(of: layer.output)
        inputGradient = builder.gradientTarget(of: layer.input)
        maskGradient = builder.gradientTarget(of: layer.mask)
    }

    /// The input's gradient is the output's times the mask; the mask's is the sum of output gradient times input over
    /// the channels and the 2x2 pixels.
    override func backwardData() {
        gate.backward(
            outputGradient.floats, x: input.floats, map: mask.floats, into: inputGradient.slot.floats,
            mapGradient: maskGradient.slot.floats)
        inputGradient.finish()
        maskGradient.finish()
    }
}
