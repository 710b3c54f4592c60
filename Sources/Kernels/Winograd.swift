internal import CKernels

/// A 3x3 convolution with stride 1 and `same` padding by Winograd's minimal filtering, on the calling thread (Lavin and
/// Gray, "Fast algorithms for convolutional neural networks", CVPR 2016).
///
/// F(4x4, 3x3) needs 36 multiplications where the definition has 144, F(6x6, 3x3) 64 where it has 324; the shape, batch
/// included, decides between the two. Activations are in blocks of 16 channels,
/// `[n][c / 16][h][w][16]`; kernels are as files have them, `[3][3][inputs][outputs]`. No number depends on how many
/// tiles are computed at once.
public struct WinogradConvolution: Sendable {
    private let shape: hbn_winograd_shape

    public enum Pass: Sendable {
        case forward, backwardData, backwardWeights
    }

    /// nil where channels are not in whole blocks of 16, the processor has no AVX-512 or there are 2^31 pixels.
    public init?(batch: Int, height: Int, width: Int, inputs: Int, outputs: Int) {
        guard Self.isAvailable, inputs % 16 == 0, outputs % 16 == 0, inputs > 0, outputs > 0,
            batch * height * width < 1 << 31
        else { return nil }
        shape = hbn_winograd_shape(
            batch: Int32(batch), height: Int32(height), width: Int32(width), inputs: Int32(inputs),
            outputs: Int32(outputs))
    }

    public static let isAvailable = hbn_winograd_is_available()

    /// Bytes of working memory for a pass, to be aligned to 64.
    public func scratchByteCount(_ pass: Pass) -> Int {
        switch pass {
        case .forward: hbn_winograd_scratch_bytes(shape, hbn_winograd_forward)
        case .backwardData: hbn_winograd_scratch_bytes(shape, hbn_winograd_backward_data)
        case .backwardWeights: hbn_winograd_scratch_bytes(shape, hbn_winograd_backward_weights)
        }
    }

    /// output = kernel * input + bias, then ReLU where asked for.
    public func convolve(
        _ input: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>?, relu: Bool,
        into output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        hbn_winograd_convolve(shape, input, kernel, bias, relu, output, scratch)
    }

    /// The gradient of the input from the output's. That is the transposed convolution too, then with a bias.
    public func convolveTransposed(
        _ outputGradient: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into inputGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        hbn_winograd_convolve_transposed(shape, outputGradient, kernel, bias, inputGradient, scratch)
    }

    /// The gradient of the kernel.
    public func kernelGradient(
        _ input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        into kernelGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
    ) {
        hbn_winograd_kernel_gradient(shape, input, outputGradient, kernelGradient, scratch)
    }
}
