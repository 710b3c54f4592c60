/// The geometry of a convolution, or of the transposed one, with Keras' `same` padding.
public struct ConvolutionGeometry: Hashable, Sendable {
    public let height: Int
    public let width: Int
    public let inputChannels: Int
    public let outputChannels: Int
    public let kernel: Int
    public let stride: Int
    public let isTransposed: Bool

    /// `height` and `width` are the input's.
    public init(
        height: Int, width: Int, inputChannels: Int, outputChannels: Int, kernel: Int, stride: Int,
        isTransposed: Bool = false
    ) {
        self.height = height
        self.width = width
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.kernel = kernel
        self.stride = stride
        self.isTransposed = isTransposed
    }

    public var outputHeight: Int { output(height) }
    public var outputWidth: Int { output(width) }

    private func output(_ extent: Int) -> Int {
        isTransposed ? extent * stride : (extent + stride - 1) / stride
    }

    /// `same` padding puts the odd pixel at the end. A transposed convolution is the gradient of the convolution that
    /// leads from its output to its input, and is padded like that one.
    private func padding(_ extent: Int) -> (begin: Int, end: Int) {
        let (small, large) = isTransposed ? (extent, extent * stride) : (output(extent), extent)
        let total = max((small - 1) * stride + kernel - large, 0)
        return (total / 2, total - total / 2)
    }

    /// Zeros before and behind height and width.
    public var paddingBegin: [Int] { [padding(height).begin, padding(width).begin] }
    public var paddingEnd: [Int] { [padding(height).end, padding(width).end] }
}

/// What stands behind the sum of a convolution.
public enum Activation: String, Sendable {
    case relu
    case sigmoid
}
