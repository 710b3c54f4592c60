import Kernels
import Randomness

/// The draws of dropout for one shard.
public struct Dropout: Sendable {
    public let seed: UInt64
    public let step: UInt32
    /// The data set's number of each sample of the shard, in its order.
    public let samples: [UInt32]

    public init(seed: UInt64, step: UInt32, samples: [UInt32]) {
        self.seed = seed
        self.step = step
        self.samples = samples
    }
}

extension Network {
    /// Rows in (h, w, c) order with a share `rate` of the numbers set to zero in training, the rest scaled by
    /// 1 / (1 - rate).
    ///
    /// `input` must be the output of a ReLU: then a zero in the row means that no gradient passes, whether ReLU or
    /// dropout made it, and no mask needs to be kept.
    public mutating func flattenAndDropout(_ input: Value, named name: String, rate: Float) -> Value {
        precondition(rate >= 0 && rate < 1, "\(name): rate \(rate)")
        let output = makeValue(Shape(1, 1, shape(of: input).count))
        return append(FlattenAndDropoutLayer(name: name, input: input, output: output, rate: rate))
    }
}

struct FlattenAndDropoutLayer: Layer {
    let name: String
    let input: Value
    let output: Value
    let rate: Float

    var inputs: [Value] { [input] }
    var kind: LayerDescription.Kind { .flatten }
    var summary: String { rate > 0 ? "flatten, dropout \(rate)" : "flatten" }

    func compile(_ builder: PlanBuilder) -> Operation { FlattenAndDropout(self, builder) }
}

final class FlattenAndDropout: Operation {
    private let layer: FlattenAndDropoutLayer
    private let context: StepContext
    private let batch: Int
    private let shape: Shape
    private let input: Slot
    private let output: Slot
    private let draws: Buffer
    private var outputGradient: Slot!
    private var inputGradient: GradientTarget!
    private var reluBelow: PlanBuilder.ReLUBelow?

    init(_ layer: FlattenAndDropoutLayer, _ builder: PlanBuilder) {
        self.layer = layer
        context = builder.context
        batch = builder.batch
        shape = builder.shape(of: layer.input)
        input = builder.read(layer.input, .blocks)
        output = builder.write(layer.output, .rows)
        draws = builder.matrix(1, shape.width * shape.channels)
    }

    override func forward() {
        let (input, output) = (input.floats, output.floats)
        let drawn = UnsafeMutableBufferPointer(start: draws.floats, count: shape.width * shape.channels)
        let (rate, scale) = (layer.rate, 1 / (1 - layer.rate))
        forEachLine { sample, y, place, row in
            line.flatten(input + place, into: output + row)
            guard rate > 0, let dropout = context.dropout else { return }
            let generator = CounterGenerator(
                seed: dropout.seed, purpose: .dropout, round: dropout.step, item: dropout.samples[sample])
            generator.fillUniform(drawn, offset: y * drawn.count)
            drop(output + row, draws: draws.floats, rate: rate, scale: scale, count: drawn.count)
        }
    }

    override func declareBackward(_ builder: PlanBuilder) {
        _ = builder.read(layer.output, .rows)
        outputGradient = builder.gradient(of: layer.output)
        inputGradient = builder.gradientTarget(of: layer.input)
        reluBelow = builder.reluBelow(layer.input, of: layer, alone: true)
    }

    override func backwardData() {
        let output = output.floats
        let (outputGradient, inputGradient) = (outputGradient.floats, inputGradient.slot.floats)
        let scale = context.dropout == nil || layer.rate == 0 ? 1 : 1 / (1 - layer.rate)
        forEachLine { _, _, place, row in
            line.unflattenGradient(
                outputGradient + row, row: output + row, scale: scale, into: inputGradient + place)
        }
        self.inputGradient.finish()
        // Where the ReLU's output is zero, so is the row: the gradient is back through it.
        guard let reluBelow else { return }
        biasGradient(
            batch: batch, channels: shape.channels, pixels: shape.pixels, output: nil, gradient: inputGradient,
            into: context.gradients + reluBelow.bias)
    }

    private var line: PixelLine {
        PixelLine(pixels: shape.width, channels: shape.channels, blockStride: shape.blockStride)
    }

    /// Calls `body` for each line of pixels of each sample, with its place in the activation and in the flat rows.
    @inline(__always)
    private func forEachLine(_ body: (_ sample: Int, _ y: Int, _ place: Int, _ row: Int) -> Void) {
        for sample in 0..<batch {
            for y in 0..<shape.height {
                body(
                    sample, y, sample * shape.sampleStride + y * shape.width * 16,
                    (sample * shape.pixels + y * shape.width) * shape.channels)
            }
        }
    }
}
