import Kernels
import OneDNN

/// A pass by our own Winograd kernels.
///
/// A transposed convolution is the gradient of the convolution that leads from its output to its input, so it swaps
/// the two kernels for activations and the two activations of the kernel's gradient.
final class WinogradTask {
    private let pass: Pass
    private let isTransposed: Bool
    private let relu: Bool
    private let convolution: WinogradConvolution
    private let context: StepContext
    private let kernel: Int
    private let bias: Int
    private let input: Buffer
    private let output: Buffer
    private let scratch: Buffer

    /// `input` and `output` are the layer's, or their gradients in the passes that make or take those.
    init(
        _ pass: Pass, _ layer: ConvolutionLayer, _ geometry: ConvolutionGeometry, _ builder: PlanBuilder,
        input: Buffer, output: Buffer
    ) {
        self.pass = pass
        isTransposed = geometry.isTransposed
        relu = layer.activation == .relu
        let (from, to) = (geometry.inputChannels, geometry.outputChannels)
        convolution = WinogradConvolution(
            batch: geometry.batch, height: geometry.height, width: geometry.width,
            inputs: isTransposed ? to : from, outputs: isTransposed ? from : to)!
        context = builder.context
        kernel = builder.parameter("\(layer.name).kernel").offset
        bias = builder.parameter("\(layer.name).bias").offset
        self.input = input
        self.output = output
        let computed: WinogradConvolution.Pass =
            switch pass {
            case .forward: isTransposed ? .backwardData : .forward
            case .backwardData: isTransposed ? .forward : .backwardData
            case .backwardWeights: .backwardWeights
            case .prepare: preconditionFailure("\(layer.name): nothing is prepared for Winograd")
            }
        scratch = builder.allocate(convolution.scratchByteCount(computed))
    }

    func run() {
        let (input, output, scratch) = (input.floats, output.floats, scratch.pointer!)
        switch (pass, isTransposed) {
        case (.prepare, _): break
        case (.forward, false):
            convolution.convolve(
                input, kernel: context.parameters + kernel, bias: context.parameters + bias, relu: relu,
                into: output, scratch: scratch)
        case (.forward, true):
            convolution.convolveTransposed(
                input, kernel: context.parameters + kernel, bias: context.parameters + bias, into: output,
                scratch: scratch)
        case (.backwardData, false):
            convolution.convolveTransposed(
                output, kernel: context.parameters + kernel, bias: nil, into: input, scratch: scratch)
        case (.backwardData, true):
            convolution.convolve(
                output, kernel: context.parameters + kernel, bias: nil, relu: false, into: input, scratch: scratch)
        case (.backwardWeights, false):
            convolution.kernelGradient(
                input, outputGradient: output, into: context.gradients + kernel, scratch: scratch)
        case (.backwardWeights, true):
            convolution.kernelGradient(
                output, outputGradient: input, into: context.gradients + kernel, scratch: scratch)
        }
    }
}

/// The gradient of the bias, and the output's gradient through the ReLU where `output` is given.
final class BiasTask {
    private let geometry: ConvolutionGeometry
    private let context: StepContext
    private let bias: Int
    private let gradient: Buffer
    private let output: Buffer?

    init(
        _ layer: ConvolutionLayer, _ geometry: ConvolutionGeometry, _ builder: PlanBuilder, gradient: Buffer,
        output: Buffer?
    ) {
        self.geometry = geometry
        context = builder.context
        bias = builder.parameter("\(layer.name).bias").offset
        self.gradient = gradient
        self.output = output
    }

    func run() {
        biasGradient(
            batch: geometry.batch, channels: geometry.outputChannels,
            pixels: geometry.outputHeight * geometry.outputWidth, output: output?.floats, gradient: gradient.floats,
            into: context.gradients + bias)
    }
}
