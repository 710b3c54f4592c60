import Kernels
import Parameters

extension Network {
    /// A convolution with `same` padding and a bias. Kernel `[kernel, kernel, in, filters]`.
    public mutating func convolution(
        _ input: Value, named name: String, filters: Int, kernel: Int, stride: Int = 1, activation: Activation? = nil
    ) -> Value {
        addConvolution(
            input, named: name, filters: filters, kernel: kernel, stride: stride, isTransposed: false,
            activation: activation)
    }

    /// A transposed convolution with `same` padding and a bias: `stride` times the extent. Kernel
    /// `[kernel, kernel, filters, in]`.
    public mutating func transposedConvolution(
        _ input: Value, named name: String, filters: Int, kernel: Int, stride: Int = 1
    ) -> Value {
        addConvolution(
            input, named: name, filters: filters, kernel: kernel, stride: stride, isTransposed: true, activation: nil)
    }

    private mutating func addConvolution(
        _ input: Value, named name: String, filters: Int, kernel: Int, stride: Int, isTransposed: Bool,
        activation: Activation?
    ) -> Value {
        let shape = shape(of: input)
        let geometry = ConvolutionGeometry(
            height: shape.height, width: shape.width, inputChannels: shape.channels,
            outputChannels: filters, kernel: kernel, stride: stride, isTransposed: isTransposed)
        let area = kernel * kernel
        let channels = isTransposed ? [filters, shape.channels] : [shape.channels, filters]
        declare(
            "\(name).kernel", [kernel, kernel] + channels,
            .glorotUniform(fanIn: area * channels[0], fanOut: area * channels[1]))
        declare("\(name).bias", [filters], .zeros)
        let output = makeValue(Shape(geometry.outputHeight, geometry.outputWidth, filters))
        return append(
            ConvolutionLayer(name: name, input: input, output: output, geometry: geometry, activation: activation))
    }
}

struct ConvolutionLayer: Layer {
    let name: String
    let input: Value
    let output: Value
    /// Of one sample.
    let geometry: ConvolutionGeometry
    let activation: Activation?

    var inputs: [Value] { [input] }
    var kind: LayerDescription.Kind { .convolution(geometry, activation) }
    var parameters: [String] { ["\(name).kernel", "\(name).bias"] }

    var summary: String {
        let kind = geometry.isTransposed ? "transposed conv" : "conv"
        let stride = geometry.stride == 1 ? "" : " stride \(geometry.stride)"
        return "\(kind) \(geometry.kernel)x\(geometry.kernel)\(stride)\(activation.map { ", \($0)" } ?? "")"
    }

    var multiplyAdds: Int {
        // Each position of the smaller side meets each weight once.
        let positions =
            geometry.isTransposed
            ? geometry.height * geometry.width : geometry.outputHeight * geometry.outputWidth
        return positions * geometry.kernel * geometry.kernel * geometry.inputChannels * geometry.outputChannels
    }

    func compile(_ builder: PlanBuilder) -> Operation {
        isMap ? MapConvolution(self, builder) : Convolution(self, builder)
    }

    /// Has it one channel, summed pixel by pixel? Nothing else leads to a sigmoid.
    var isMap: Bool {
        geometry.outputChannels == 1 && geometry.kernel == 1 && geometry.stride == 1 && !geometry.isTransposed
    }
}

/// A convolution, plain or transposed, with its bias and, where there is one, a ReLU.
final class Convolution: Operation {
    private let layer: ConvolutionLayer
    private let context: StepContext
    private let batch: Int
    private let kernel: Int
    private let bias: Int
    /// nil where the input is the caller's images.
    private let input: Slot?
    private let output: Slot
    private let forwardPass: ConvolutionTask
    private var backwardWeightsPass: ConvolutionTask!
    private var backwardDataPass: ConvolutionTask?
    private var outputGradient: Slot!
    private var inputGradient: GradientTarget?
    /// Is the input's gradient added to what other layers have made of it?
    private var adds = false
    /// Where this layer's backward leads on through the ReLU of the layer below.
    private var reluBelow: PlanBuilder.ReLUBelow?
    /// Has the layer above done that for this one, and summed the gradient?
    private var isSummed = false

    init(_ layer: ConvolutionLayer, _ builder: PlanBuilder) {
        precondition(layer.activation != .sigmoid, "\(layer.name): a sigmoid of more than one channel")
        self.layer = layer
        context = builder.context
        batch = builder.batch
        kernel = builder.parameter("\(layer.name).kernel").offset
        bias = builder.parameter("\(layer.name).bias").offset
        input = layer.input == builder.network.input ? nil : builder.read(layer.input, .blocks)
        output = builder.write(layer.output, .blocks)
        forwardPass = ConvolutionTask(layer, .forward, builder)
    }

    /// output = activation(kernel * input + bias).
    override func forward() {
        forwardPass.convolve(
            input.map { UnsafePointer($0.floats) } ?? context.images, kernel: context.parameters + kernel,
            bias: context.parameters + bias, relu: layer.activation == .relu, into: output.floats)
    }

    override func declareBackward(_ builder: PlanBuilder) {
        if input != nil { _ = builder.read(layer.input, .blocks) }
        outputGradient = builder.gradient(of: layer.output)
        isSummed = builder.isGradientSummed(of: layer.output)
        if layer.activation == .relu, !isSummed { _ = builder.read(layer.output, .blocks) }
        backwardWeightsPass = ConvolutionTask(layer, .backwardWeights, builder)
        guard builder.needsGradient(layer.input) else { return }
        let backwardDataPass = ConvolutionTask(layer, .backwardData, builder)
        if backwardDataPass.throughReLU != nil {
            reluBelow = builder.reluBelow(layer.input, of: layer, alone: true)
        }
        self.backwardDataPass = backwardDataPass
        if backwardDataPass.adding == nil {
            inputGradient = builder.gradientTarget(of: layer.input)
        } else {
            let (slot, adds) = builder.gradientInPlace(of: layer.input)
            (inputGradient, self.adds) = (GradientTarget(slot: slot, addedTo: nil), adds)
        }
    }

    /// The gradients of kernel and bias; the output's gradient passes back through the ReLU in place.
    override func backwardWeights() {
        let geometry = layer.geometry
        if !isSummed {
            biasGradient(
                batch: batch, channels: geometry.outputChannels, pixels: geometry.outputHeight * geometry.outputWidth,
                output: layer.activation == .relu ? UnsafePointer(output.floats) : nil,
                gradient: outputGradient.floats, into: context.gradients + bias)
        }
        backwardWeightsPass.kernelGradient(
            input.map { UnsafePointer($0.floats) } ?? context.images, outputGradient: outputGradient.floats,
            into: context.gradients + kernel)
    }

    /// The input's gradient: the transposed convolution of the output's.
    override func backwardData() {
        guard let backwardDataPass, let inputGradient else { return }
        if let reluBelow {
            backwardDataPass.convolveBack(
                outputGradient.floats, kernel: context.parameters + kernel, through: reluBelow.output.floats,
                into: inputGradient.slot.floats, sums: context.gradients + reluBelow.bias)
        } else if adds {
            backwardDataPass.addBack(
                outputGradient.floats, kernel: context.parameters + kernel, to: inputGradient.slot.floats)
        } else {
            backwardDataPass.convolveBack(
                outputGradient.floats, kernel: context.parameters + kernel, into: inputGradient.slot.floats)
        }
        inputGradient.finish()
    }
}

/// A pass of a convolution by one of the algorithms, with its working memory.
///
/// A transposed convolution is the gradient of the convolution that leads from its output to its input, so it swaps the
/// two kernels for activations and the two activations of the kernel's gradient.
private struct ConvolutionTask {
    private let isTransposed: Bool
    private let kernels: any ConvolutionKernels
    /// What brings the input's gradient on through a ReLU, if these kernels can.
    let throughReLU: WinogradConvolution?
    /// What adds the input's gradient to others, if these kernels can.
    let adding: DirectConvolution?
    private let scratch: Buffer

    init(_ layer: ConvolutionLayer, _ pass: Pass, _ builder: PlanBuilder) {
        let geometry = layer.geometry
        isTransposed = geometry.isTransposed
        let isImage = layer.input == builder.network.input
        kernels = geometry.kernels(
            isImage ? .direct : builder.choices.algorithm(geometry, pass), batch: builder.batch, isImage: isImage)
        throughReLU = isTransposed ? nil : kernels as? WinogradConvolution
        adding = isTransposed ? nil : kernels as? DirectConvolution
        let computed: ConvolutionPass =
            switch pass {
            case .forward: isTransposed ? .backwardData : .forward
            case .backwardData: isTransposed ? .forward : .backwardData
            case .backwardWeights: .backwardWeights
            }
        scratch = builder.allocate(kernels.scratchByteCount(computed))
    }

    func convolve(
        _ input: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>, relu: Bool,
        into output: UnsafeMutablePointer<Float>
    ) {
        if isTransposed {
            kernels.convolveTransposed(input, kernel: kernel, bias: bias, into: output, scratch: scratch.pointer)
        } else {
            kernels.convolve(input, kernel: kernel, bias: bias, relu: relu, into: output, scratch: scratch.pointer)
        }
    }

    func convolveBack(
        _ outputGradient: UnsafePointer<Float>, kernel: UnsafePointer<Float>,
        into inputGradient: UnsafeMutablePointer<Float>
    ) {
        if isTransposed {
            kernels.convolve(
                outputGradient, kernel: kernel, bias: nil, relu: false, into: inputGradient, scratch: scratch.pointer)
        } else {
            kernels.convolveTransposed(
                outputGradient, kernel: kernel, bias: nil, into: inputGradient, scratch: scratch.pointer)
        }
    }

    func convolveBack(
        _ outputGradient: UnsafePointer<Float>, kernel: UnsafePointer<Float>, through input: UnsafePointer<Float>,
        into inputGradient: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>
    ) {
        throughReLU!.convolveTransposed(
            outputGradient, kernel: kernel, through: input, into: inputGradient, sums: sums, scratch: scratch.pointer)
    }

    func addBack(
        _ outputGradient: UnsafePointer<Float>, kernel: UnsafePointer<Float>,
        to inputGradient: UnsafeMutablePointer<Float>
    ) {
        adding!.addTransposed(outputGradient, kernel: kernel, to: inputGradient, scratch: scratch.pointer)
    }

    func kernelGradient(
        _ input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        into gradient: UnsafeMutablePointer<Float>
    ) {
        let (large, small) = isTransposed ? (outputGradient, input) : (input, outputGradient)
        kernels.kernelGradient(large, outputGradient: small, into: gradient, scratch: scratch.pointer)
    }
}

extension ConvolutionGeometry {
    /// The kernels of the convolution, or of the one that a transposed convolution is the gradient of.
    fileprivate func kernels(
        _ algorithm: ConvolutionAlgorithm, batch: Int, isImage: Bool
    ) -> any ConvolutionKernels {
        let (inputs, outputs) =
            isTransposed ? (outputChannels, inputChannels) : (inputChannels, outputChannels)
        let (large, small) =
            isTransposed
            ? ((outputHeight, outputWidth), (height, width)) : ((height, width), (outputHeight, outputWidth))
        return switch algorithm {
        case .winograd:
            WinogradConvolution(batch: batch, height: height, width: width, inputs: inputs, outputs: outputs)
        case .direct:
            DirectConvolution(
                batch: batch, height: large.0, width: large.1, inputs: inputs, small: small, outputs: outputs,
                kernel: kernel, stride: stride, before: (paddingBegin[0], paddingBegin[1]), isImage: isImage)
        }
    }
}

/// A 1x1 convolution to one channel, and its sigmoid where there is one.
final class MapConvolution: Operation {
    private let layer: ConvolutionLayer
    private let context: StepContext
    private let sum: ChannelSum
    private let kernel: Int
    private let bias: Int
    private let input: Slot
    private let output: Slot
    private var outputGradient: Slot!
    private var inputGradient: GradientTarget!

    init(_ layer: ConvolutionLayer, _ builder: PlanBuilder) {
        precondition(layer.activation != .relu, "\(layer.name): a ReLU of one channel")
        self.layer = layer
        context = builder.context
        let shape = builder.shape(of: layer.input)
        sum = ChannelSum(
            batch: builder.batch, channels: shape.channels, pixels: shape.pixels,
            sigmoid: layer.activation == .sigmoid)
        kernel = builder.parameter("\(layer.name).kernel").offset
        bias = builder.parameter("\(layer.name).bias").offset
        input = builder.read(layer.input, .blocks)
        output = builder.write(layer.output, .map)
    }

    override func forward() {
        sum.forward(
            input.floats, kernel: context.parameters + kernel, bias: context.parameters + bias, into: output.floats)
    }

    override func declareBackward(_ builder: PlanBuilder) {
        _ = builder.read(layer.input, .blocks)
        _ = builder.read(layer.output, .map)
        outputGradient = builder.gradient(of: layer.output)
        inputGradient = builder.gradientTarget(of: layer.input)
    }

    override func backwardData() {
        sum.backward(
            outputGradient.floats, x: input.floats, kernel: context.parameters + kernel, map: output.floats,
            into: inputGradient.slot.floats, kernelGradient: context.gradients + kernel,
            biasGradient: context.gradients + bias)
        inputGradient.finish()
    }
}
