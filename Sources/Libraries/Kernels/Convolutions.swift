internal import CKernels

/// What of a convolution is computed.
public enum ConvolutionPass: Sendable {
    case forward, backwardData, backwardWeights

    fileprivate var pass: hbn_pass {
        switch self {
        case .forward: hbn_forward
        case .backwardData: hbn_backward_data
        case .backwardWeights: hbn_backward_weights
        }
    }
}

/// A convolution and its gradients, on the calling thread.
///
/// Activations are in blocks of 16 channels, `[n][c / 16][h][w][16]`, where channels that only fill the last block up
/// are zero; kernels are as files have them, `[k][k][inputs][outputs]`. Scratch memory is aligned to 64.
public protocol ConvolutionKernels: Sendable {
    /// Bytes of working memory for a pass.
    func scratchByteCount(_ pass: ConvolutionPass) -> Int

    /// output = kernel * input + bias, then ReLU where asked for.
    func convolve(
        _ input: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>?, relu: Bool,
        into output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer)

    /// The gradient of the input from the output's. That is the transposed convolution too, then with a bias.
    func convolveTransposed(
        _ outputGradient: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into inputGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer)

    /// The gradient of the kernel.
    func kernelGradient(
        _ input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        into kernelGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer)
}

/// A 3x3 convolution with stride 1 and `same` padding by Winograd's minimal filtering (Lavin and Gray, "Fast algorithms
/// for convolutional neural networks", CVPR 2016).
///
/// F(4x4, 3x3) needs 36 multiplications where the definition has 144, F(6x6, 3x3) 64 where it has 324; the shape, batch
/// included, decides between the two along each axis. No number depends on how many tiles are computed at once.
public struct WinogradConvolution: ConvolutionKernels {
    private let shape: hbn_winograd_shape

    public init(batch: Int, height: Int, width: Int, inputs: Int, outputs: Int) {
        precondition(batch * height * width < 1 << 31, "a convolution of \(batch) images of \(height)x\(width)")
        shape = hbn_winograd_shape(
            batch: Int32(batch), height: Int32(height), width: Int32(width), inputs: Int32(inputs),
            outputs: Int32(outputs))
    }

    public func scratchByteCount(_ pass: ConvolutionPass) -> Int { kernels.winograd_scratch_bytes(shape, pass.pass) }

    public func convolve(
        _ input: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>?, relu: Bool,
        into output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        kernels.winograd_convolve(shape, input, kernel, bias, relu, output, scratch)
    }

    public func convolveTransposed(
        _ outputGradient: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into inputGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        kernels.winograd_convolve_transposed(shape, outputGradient, kernel, bias, nil, inputGradient, nil, scratch)
    }

    /// The gradient of an input that is a ReLU's output, back through that ReLU, and its sums over samples and pixels:
    /// the gradient of the bias before the ReLU.
    public func convolveTransposed(
        _ outputGradient: UnsafePointer<Float>, kernel: UnsafePointer<Float>, through input: UnsafePointer<Float>,
        into inputGradient: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutableRawPointer
    ) {
        kernels.winograd_convolve_transposed(
            shape, outputGradient, kernel, nil, input, inputGradient, sums, scratch)
    }

    public func kernelGradient(
        _ input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        into kernelGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        kernels.winograd_kernel_gradient(shape, input, outputGradient, kernelGradient, scratch)
    }
}

/// A convolution by its definition.
public struct DirectConvolution: ConvolutionKernels {
    private let shape: hbn_direct_shape

    /// Height, width and inputs are those of the convolution's input, `small` its output's extent. Images are
    /// `[n][h][w][3]`, taken by a 3x3 convolution with stride 1, and have no gradient.
    public init(
        batch: Int, height: Int, width: Int, inputs: Int, small: (height: Int, width: Int), outputs: Int, kernel: Int,
        stride: Int, before: (top: Int, left: Int), isImage: Bool
    ) {
        precondition(
            kernel <= hbn_widest_kernel && (!isImage || inputs == hbn_image_channels && kernel == 3 && stride == 1)
                && batch * height * width < 1 << 31,
            "a convolution \(kernel)x\(kernel) of \(batch) images of \(height)x\(width)x\(inputs)")
        shape = hbn_direct_shape(
            batch: Int32(batch), height: Int32(height), width: Int32(width), inputs: Int32(inputs),
            small_height: Int32(small.height), small_width: Int32(small.width), outputs: Int32(outputs),
            kernel: Int32(kernel), stride: Int32(stride), top: Int32(before.top), left: Int32(before.left),
            is_image: isImage)
    }

    public func scratchByteCount(_ pass: ConvolutionPass) -> Int { kernels.direct_scratch_bytes(shape, pass.pass) }

    public func convolve(
        _ input: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>?, relu: Bool,
        into output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        kernels.direct_convolve(shape, input, kernel, bias, relu, output, scratch)
    }

    public func convolveTransposed(
        _ outputGradient: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into inputGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        kernels.direct_convolve_transposed(shape, outputGradient, kernel, bias, false, inputGradient, scratch)
    }

    /// The gradient of the input, added to what stands there.
    public func addTransposed(
        _ outputGradient: UnsafePointer<Float>, kernel: UnsafePointer<Float>,
        to inputGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        kernels.direct_convolve_transposed(shape, outputGradient, kernel, nil, true, inputGradient, scratch)
    }

    public func kernelGradient(
        _ input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        into kernelGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        kernels.direct_kernel_gradient(shape, input, outputGradient, kernelGradient, scratch)
    }
}

/// The sums over samples and pixels of a gradient in blocks, one a channel. Where the `output` of a ReLU is given, the
/// gradient first passes back through it, in place.
public func biasGradient(
    batch: Int, channels: Int, pixels: Int, output: UnsafePointer<Float>?, gradient: UnsafeMutablePointer<Float>,
    into sums: UnsafeMutablePointer<Float>
) {
    kernels.bias_gradient(batch, channels, pixels, output, gradient, sums)
}
