internal import COneDNN

/// How oneDNN computes a convolution.
public enum LibraryAlgorithm: Sendable {
    case direct
    /// F(4x4, 3x3) (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016).
    case winograd
}

/// The geometry of a convolution, or of the transposed one, with Keras' `same` padding.
public struct ConvolutionGeometry: Hashable, Sendable {
    public let batch: Int
    public let height: Int
    public let width: Int
    public let inputChannels: Int
    public let outputChannels: Int
    public let kernel: Int
    public let stride: Int
    public let isTransposed: Bool

    /// `height` and `width` are the input's.
    public init(
        batch: Int, height: Int, width: Int, inputChannels: Int, outputChannels: Int, kernel: Int, stride: Int,
        isTransposed: Bool = false
    ) {
        self.batch = batch
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

    public var inputDimensions: [Int] { [batch, inputChannels, height, width] }
    public var outputDimensions: [Int] { [batch, outputChannels, outputHeight, outputWidth] }
    public var kernelDimensions: [Int] { [outputChannels, inputChannels, kernel, kernel] }
}

extension Engine {
    /// A forward convolution with bias and, where asked for, an activation. Throws where oneDNN has no such algorithm.
    public func convolutionForward(
        _ geometry: ConvolutionGeometry, _ algorithm: LibraryAlgorithm, source: Layout, destination: Layout,
        activation: Activation?, training: Bool
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var (source, destination) = (source.descriptor, destination.descriptor)
        var weights = Layout.any(geometry.kernelDimensions).descriptor
        var bias = Layout.vector(geometry.outputChannels).descriptor
        let kind = training ? dnnl_forward_training : dnnl_forward_inference
        let name: StaticString = "convolution forward"
        // A transposed convolution is described by the same C type.
        var convolution = dnnl_convolution_desc_t()
        try withGeometry(geometry) { (strides, begin, end) throws(OneDNNError) in
            if geometry.isTransposed {
                try check(
                    dnnl_deconvolution_forward_desc_init(
                        &convolution, kind, algorithm.transposed, &source, &weights, &bias, &destination, strides,
                        begin, end), name)
            } else {
                try check(
                    dnnl_convolution_forward_desc_init(
                        &convolution, kind, algorithm.plain, &source, &weights, &bias, &destination, strides, begin,
                        end), name)
            }
        }
        return try create(&convolution, name, activation: activation)
    }

    /// The gradient of the input from the gradient of the output.
    public func convolutionBackwardData(
        _ geometry: ConvolutionGeometry, _ algorithm: LibraryAlgorithm, source: Layout, destination: Layout,
        forward: PrimitiveDescriptor
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var (source, destination) = (source.descriptor, destination.descriptor)
        var weights = Layout.any(geometry.kernelDimensions).descriptor
        let name: StaticString = "convolution backward data"
        var convolution = dnnl_convolution_desc_t()
        try withGeometry(geometry) { (strides, begin, end) throws(OneDNNError) in
            if geometry.isTransposed {
                try check(
                    dnnl_deconvolution_backward_data_desc_init(
                        &convolution, algorithm.transposed, &source, &weights, &destination, strides, begin, end),
                    name)
            } else {
                try check(
                    dnnl_convolution_backward_data_desc_init(
                        &convolution, algorithm.plain, &source, &weights, &destination, strides, begin, end), name)
            }
        }
        return try create(&convolution, name, hint: forward)
    }

    /// The gradients of kernel and bias.
    public func convolutionBackwardWeights(
        _ geometry: ConvolutionGeometry, _ algorithm: LibraryAlgorithm, source: Layout, destination: Layout,
        forward: PrimitiveDescriptor
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var (source, destination) = (source.descriptor, destination.descriptor)
        var weights = Layout.any(geometry.kernelDimensions).descriptor
        var bias = Layout.vector(geometry.outputChannels).descriptor
        let name: StaticString = "convolution backward weights"
        var convolution = dnnl_convolution_desc_t()
        try withGeometry(geometry) { (strides, begin, end) throws(OneDNNError) in
            if geometry.isTransposed {
                try check(
                    dnnl_deconvolution_backward_weights_desc_init(
                        &convolution, algorithm.transposed, &source, &weights, &bias, &destination, strides, begin,
                        end), name)
            } else {
                try check(
                    dnnl_convolution_backward_weights_desc_init(
                        &convolution, algorithm.plain, &source, &weights, &bias, &destination, strides, begin, end),
                    name)
            }
        }
        return try create(&convolution, name, hint: forward)
    }

    private func withGeometry(
        _ geometry: ConvolutionGeometry,
        _ body: (UnsafePointer<dnnl_dim_t>, UnsafePointer<dnnl_dim_t>, UnsafePointer<dnnl_dim_t>) throws(OneDNNError)
            -> Void
    ) throws(OneDNNError) {
        try withDimensions([geometry.stride, geometry.stride], geometry.paddingBegin + geometry.paddingEnd) {
            (strides, paddings) throws(OneDNNError) in
            try body(strides, paddings, paddings + 2)
        }
    }
}

extension LibraryAlgorithm {
    fileprivate var plain: dnnl_alg_kind_t {
        self == .winograd ? dnnl_convolution_winograd : dnnl_convolution_direct
    }
    fileprivate var transposed: dnnl_alg_kind_t {
        self == .winograd ? dnnl_deconvolution_winograd : dnnl_deconvolution_direct
    }
}
