import Kernels
import Parameters

extension Network {
    /// A dense layer: `input` of K numbers a sample times a kernel `[K, width]`, plus bias, then LeakyReLU if
    /// `slope` is given.
    ///
    /// A factored kernel's gradient X^T D is never computed: its factors X (the input) and D (the gradient of the
    /// sum) are left in the plan for the caller. Its input must be what `flattenAndDropout` makes: the gradient of the
    /// input is computed only where X is not zero, for elsewhere it does not pass.
    public mutating func dense(
        _ input: Value, named name: String, width: Int, slope: Float? = nil, isFactored: Bool = false
    ) -> Value {
        let depth = shape(of: input).count
        declare(
            "\(name).kernel", [depth, width], .glorotUniform(fanIn: depth, fanOut: width),
            role: isFactored ? .factored : .trainable)
        declare("\(name).bias", [width], .zeros)
        let output = makeValue(Shape(1, 1, width))
        return append(
            DenseLayer(
                name: name, input: input, output: output, depth: depth, width: width, slope: slope,
                isFactored: isFactored))
    }
}

struct DenseLayer: Layer {
    let name: String
    let input: Value
    let output: Value
    let depth: Int
    let width: Int
    let slope: Float?
    let isFactored: Bool

    var inputs: [Value] { [input] }
    var kind: LayerDescription.Kind { .dense(slope: slope) }
    var summary: String { slope.map { "dense, leaky relu \($0)" } ?? "dense" }
    var parameters: [String] { ["\(name).kernel", "\(name).bias"] }
    var multiplyAdds: Int { depth * width }

    func compile(_ builder: PlanBuilder) -> Operation {
        isFactored ? FactoredDenseOperation(self, builder) : DenseOperation(self, builder)
    }
}

/// A dense layer whose kernel fits in a cache.
class DenseOperation: Operation {
    let layer: DenseLayer
    let context: StepContext
    let batch: Int
    let kernel: Int
    let input: Slot
    let output: Slot
    private let bias: Int
    private(set) var outputGradient: Slot!
    private(set) var inputGradient: GradientTarget!

    init(_ layer: DenseLayer, _ builder: PlanBuilder) {
        self.layer = layer
        context = builder.context
        batch = builder.batch
        kernel = builder.parameter("\(layer.name).kernel").offset
        bias = builder.parameter("\(layer.name).bias").offset
        input = builder.read(layer.input, .rows)
        output = builder.write(layer.output, .rows)
    }

    /// output = leaky(X W + b), `[n, width]`.
    override func forward() {
        let output = output.floats
        multiply(into: output)
        let bias = context.parameters + bias
        let slope = layer.slope ?? 1
        for sample in 0..<batch {
            let row = output + sample * layer.width
            for j in 0..<layer.width {
                let sum = row[j] + bias[j]
                row[j] = sum > 0 ? sum : slope * sum
            }
        }
    }

    override func declareBackward(_ builder: PlanBuilder) {
        _ = builder.read(layer.input, .rows)
        _ = builder.read(layer.output, .rows)
        outputGradient = builder.gradient(of: layer.output)
        inputGradient = builder.gradientTarget(of: layer.input)
    }

    /// D = output gradient through the LeakyReLU, whose output has the sign of its input; the bias gets D's column
    /// sums, the kernel X^T D.
    override func backwardWeights() {
        let (output, d) = (output.floats, outputGradient.floats)
        if let slope = layer.slope {
            for i in 0..<batch * layer.width { d[i] = output[i] > 0 ? d[i] : slope * d[i] }
        }
        let biasGradient = context.gradients + bias
        for j in 0..<layer.width { biasGradient[j] = 0 }
        for sample in 0..<batch {
            for j in 0..<layer.width { biasGradient[j] += d[sample * layer.width + j] }
        }
        correlate(d)
    }

    /// The input gets D W^T.
    override func backwardData() {
        multiplyTransposed(outputGradient.floats, into: inputGradient.slot.floats)
        inputGradient.finish()
    }

    func multiply(into sums: UnsafeMutablePointer<Float>) {
        product(
            rows: batch, width: layer.width, depth: layer.depth, input.floats, context.parameters + kernel, into: sums)
    }

    func multiplyTransposed(_ d: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>) {
        product(
            rows: batch, width: layer.depth, depth: layer.width, d, withColumns: context.parameters + kernel, into: dx)
    }

    func correlate(_ d: UnsafePointer<Float>) {
        product(
            rows: layer.depth, width: layer.width, depth: batch, ofColumns: input.floats, d,
            into: context.gradients + kernel)
    }
}

/// Who multiplies with the factored kernel W where the lane does not do so alone.
///
/// Both are false if the product is not to be had: then the shard is given up.
public protocol FactoredProducts: AnyObject {
    /// Writes X W, `[samples, width]`, of x `[samples, depth]`.
    func forward(_ x: UnsafePointer<Float>, samples: Int, into sums: UnsafeMutablePointer<Float>) -> Bool
    /// Writes D W^T to dx `[samples, depth]` where x, that of `forward`, is not zero, and zero elsewhere. Nobody reads
    /// the kernel afterwards in this step, so that it may take its next values on the way.
    func backwardData(
        _ x: UnsafePointer<Float>, d: UnsafePointer<Float>, samples: Int, into dx: UnsafeMutablePointer<Float>
    ) -> Bool
}

/// The dense layer on top of the flattened image, whose kernel fits in no cache.
final class FactoredDenseOperation: DenseOperation {
    private let products: FactoredDense
    private let sums: Buffer

    override init(_ layer: DenseLayer, _ builder: PlanBuilder) {
        products = FactoredDense(depth: layer.depth, width: layer.width)
        sums = builder.matrix(products.blocks * builder.batch, layer.width)
        super.init(layer, builder)
    }

    /// X `[batch, depth]` and D `[batch, width]`.
    var factors: (x: UnsafeBufferPointer<Float>, d: UnsafeBufferPointer<Float>) {
        (
            UnsafeBufferPointer(start: input.floats, count: batch * layer.depth),
            UnsafeBufferPointer(start: outputGradient.floats, count: batch * layer.width)
        )
    }

    override func declareBackward(_ builder: PlanBuilder) {
        super.declareBackward(builder)
        input.buffer.use(at: builder.endOfStep)
        outputGradient.buffer.use(at: builder.endOfStep)
    }

    override func multiply(into output: UnsafeMutablePointer<Float>) {
        let x = UnsafePointer(input.floats)
        if let others = context.factoredProducts {
            if !others.forward(x, samples: batch, into: output) { context.isGivenUp = true }
            return
        }
        let kernel = context.factoredKernel ?? context.parameters + kernel
        let samples = products.samples(batch, x: x)
        let sums = sums.floats
        for block in 0..<products.blocks {
            products.forward(samples, block: block, kernel: kernel, sums: sums + block * batch * layer.width)
        }
        products.addBlocks(0..<batch, of: batch, sums: sums)
        output.update(from: sums, count: batch * layer.width)
    }

    override func multiplyTransposed(_ d: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>) {
        let x = UnsafePointer(input.floats)
        if let others = context.factoredProducts {
            if !others.backwardData(x, d: d, samples: batch, into: dx) { context.isGivenUp = true }
            return
        }
        let kernel = context.factoredKernel ?? context.parameters + kernel
        let samples = products.samples(batch, x: x, d: d, dx: dx)
        for block in 0..<products.blocks { products.backwardData(samples, block: block, kernel: kernel) }
    }

    override func correlate(_ d: UnsafePointer<Float>) {}
}
