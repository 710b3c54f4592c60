import OneDNN
import Parameters

extension Network {
    /// A dense layer: `input` of K numbers a sample times a kernel `[K, width]`, plus bias, then LeakyReLU if
    /// `slope` is given.
    ///
    /// A factored kernel's gradient X^T D is never computed: its factors X (the input) and D (the gradient of the
    /// sum) are left in the plan for the caller.
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
    var summary: String { slope.map { "dense, leaky relu \($0)" } ?? "dense" }
    var parameters: [String] { ["\(name).kernel", "\(name).bias"] }
    var multiplyAdds: Int { depth * width }

    func compile(_ builder: PlanBuilder) throws -> Operation { Dense(self, builder) }
}

final class Dense: Operation {
    private let layer: DenseLayer
    private let context: StepContext
    private let batch: Int
    private let kernel: Int
    private let bias: Int
    let input: Slot
    private let output: Slot
    private(set) var outputGradient: Slot!
    private var inputGradient: GradientTarget!

    init(_ layer: DenseLayer, _ builder: PlanBuilder) {
        self.layer = layer
        context = builder.context
        batch = builder.batch
        kernel = builder.parameter("\(layer.name).kernel").offset
        bias = builder.parameter("\(layer.name).bias").offset
        input = builder.read(layer.input)
        output = builder.write(layer.output, layout: builder.rows(of: layer.output))
    }

    var isFactored: Bool { layer.isFactored }
    /// Columns of X and of D.
    var factorWidths: (x: Int, d: Int) { (layer.depth, layer.width) }

    /// output = leaky(X W + b), `[n, width]`.
    override func forward() {
        let (parameters, output) = (context.parameters!, output.buffer.floats)
        matrixProduct(batch, layer.width, layer.depth, input.buffer.floats, parameters + kernel, into: output)
        let bias = parameters + bias
        let slope = layer.slope ?? 1
        for sample in 0..<batch {
            let row = output + sample * layer.width
            for j in 0..<layer.width {
                let sum = row[j] + bias[j]
                row[j] = sum > 0 ? sum : slope * sum
            }
        }
    }

    override func declareBackward(_ builder: PlanBuilder) throws {
        _ = builder.read(layer.input)
        _ = builder.read(layer.output)
        outputGradient = builder.gradient(of: layer.output)
        inputGradient = builder.gradientTarget(of: layer.input)
        if layer.isFactored {
            input.buffer.use(at: builder.endOfStep)
            outputGradient.buffer.use(at: builder.endOfStep)
        }
    }

    /// D = output gradient through the LeakyReLU, whose output has the sign of its input; the bias gets D's column
    /// sums, the kernel X^T D, the input D W^T.
    override func backward() {
        let (output, d) = (output.buffer.floats, outputGradient.buffer.floats)
        if let slope = layer.slope {
            for i in 0..<batch * layer.width { d[i] = output[i] > 0 ? d[i] : slope * d[i] }
        }
        let biasGradient = context.gradients + bias
        for j in 0..<layer.width { biasGradient[j] = 0 }
        for sample in 0..<batch {
            for j in 0..<layer.width { biasGradient[j] += d[sample * layer.width + j] }
        }
        if !layer.isFactored {
            matrixProduct(
                layer.depth, layer.width, batch, input.buffer.floats, transposedA: true, d,
                into: context.gradients + kernel)
        }
        matrixProduct(
            batch, layer.depth, layer.width, d, context.parameters + kernel, transposedB: true,
            into: inputGradient.slot.buffer.floats)
        inputGradient.finish()
    }
}
