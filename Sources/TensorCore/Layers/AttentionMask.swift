import OneDNN

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

    func compile(_ builder: PlanBuilder) throws -> Operation { AttentionMask(self, builder) }
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
    private let blocks: ChannelBlocks
    private let maskBlocks: ChannelBlocks
    private let input: Slot
    private let mask: Slot
    private let output: Slot
    private let keepsMask: Bool
    private var outputGradient: Slot!
    private var inputGradient: GradientTarget!
    private var maskGradient: GradientTarget!

    init(_ layer: AttentionMaskLayer, _ builder: PlanBuilder) {
        self.layer = layer
        input = builder.read(layer.input)
        mask = builder.read(layer.mask)
        output = builder.write(layer.output, layout: input.layout)
        blocks = ChannelBlocks(builder.shape(of: layer.input), batch: builder.batch, layout: input.layout)
        maskBlocks = ChannelBlocks(builder.shape(of: layer.mask), batch: builder.batch, layout: mask.layout)
        keepsMask = builder.keepsAttention
        if keepsMask { mask.buffer.use(at: builder.endOfStep) }
    }

    /// The mask of a sample; nil unless it is kept.
    func map(of sample: Int) -> AttentionMap? {
        guard keepsMask else { return nil }
        let (height, width, lanes) = (maskBlocks.height, maskBlocks.width, maskBlocks.lanes)
        let floats = mask.buffer.floats + sample * maskBlocks.sampleStride
        return AttentionMap(
            name: layer.name, height: height, width: width, factors: (0..<height * width).map { floats[$0 * lanes] })
    }

    /// output[n, y, x, c] = mask[n, y / 2, x / 2] input[n, y, x, c]
    override func forward() {
        let (input, mask, output) = (input.buffer.floats, mask.buffer.floats, output.buffer.floats)
        forEachRow { row, maskRow in
            let (input, output, mask) = (input + row, output + row, mask + maskRow)
            for x in 0..<blocks.width {
                let factor = mask[(x >> 1) * maskBlocks.lanes]
                let pixel = x * blocks.lanes
                for lane in pixel..<pixel + blocks.lanes { output[lane] = factor * input[lane] }
            }
        }
    }

    override func declareBackward(_ builder: PlanBuilder) throws {
        _ = builder.read(layer.input)
        _ = builder.read(layer.mask)
        outputGradient = builder.gradient(of: layer.output)
        inputGradient = builder.gradientTarget(of: layer.input)
        maskGradient = builder.gradientTarget(of: layer.mask)
    }

    /// The input's gradient is the output's times the mask; the mask's is the sum of output gradient times input over
    /// the channels and the 2x2 pixels.
    override func backwardData() {
        let (input, mask) = (input.buffer.floats, mask.buffer.floats)
        let (outputGradient, inputGradient) = (outputGradient.buffer.floats, inputGradient.slot.buffer.floats)
        let maskGradient = maskGradient.slot.buffer.floats
        for i in 0..<self.maskGradient.slot.floatCount { maskGradient[i] = 0 }
        forEachRow { row, maskRow in
            let (input, outputGradient, inputGradient) = (input + row, outputGradient + row, inputGradient + row)
            for x in 0..<blocks.width {
                let place = maskRow + (x >> 1) * maskBlocks.lanes
                let factor = mask[place]
                let pixel = x * blocks.lanes
                maskGradient[place] += dotProduct(outputGradient + pixel, input + pixel, count: blocks.lanes)
                for lane in pixel..<pixel + blocks.lanes { inputGradient[lane] = factor * outputGradient[lane] }
            }
        }
        self.inputGradient.finish()
        self.maskGradient.finish()
    }

    /// Calls `body` with the place of each row of each block of channels, and of the mask's row.
    @inline(__always)
    private func forEachRow(_ body: (_ row: Int, _ maskRow: Int) -> Void) {
        for sample in 0..<blocks.batch {
            for block in 0..<blocks.blocks {
                for y in 0..<blocks.height {
                    body(
                        sample * blocks.sampleStride + block * blocks.blockStride + y * blocks.width * blocks.lanes,
                        sample * maskBlocks.sampleStride + (y >> 1) * maskBlocks.width * maskBlocks.lanes)
                }
            }
        }
    }
}

/// The sum of a[i] b[i], added in sixteen lanes and then across them, in one order always.
@inline(__always)
private func dotProduct(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
    var sums = SIMD16<Float>()
    var i = 0
    while i + 16 <= count {
        let (a, b) = (UnsafeRawPointer(a + i), UnsafeRawPointer(b + i))
        sums += a.loadUnaligned(as: SIMD16<Float>.self) * b.loadUnaligned(as: SIMD16<Float>.self)
        i += 16
    }
    var sum = sums.sum()
    while i < count {
        sum += a[i] * b[i]
        i += 1
    }
    return sum
}
