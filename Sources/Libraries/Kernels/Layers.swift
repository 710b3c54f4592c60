internal import CKernels

/// The maximum of each `size` x `size` window of planes `[height][width][16]`, with the same stride. The first of
/// equals is taken, and NaN is above all.
public struct MaxPool: Sendable {
    public let planes: Int
    public let height: Int
    public let width: Int
    public let size: Int

    public init(planes: Int, height: Int, width: Int, size: Int) {
        precondition(size <= 16, "a window of \(size)x\(size)")
        self.planes = planes
        self.height = height
        self.width = width
        self.size = size
    }

    /// `places`, a byte for each result or nil, gets what was chosen.
    public func forward(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, places: UnsafeMutablePointer<UInt8>?
    ) {
        kernels.max_pool(planes, height, width, size, x, y, places)
    }

    /// Each window's gradient goes to what was chosen, or is added to what stands there.
    public func backward(
        _ dy: UnsafePointer<Float>, places: UnsafePointer<UInt8>, adds: Bool, into dx: UnsafeMutablePointer<Float>
    ) {
        kernels.max_pool_backward(planes, height, width, size, dy, places, adds, dx)
    }

    /// Can `backward` lead on through a ReLU?
    public var leadsThroughReLU: Bool { size == 2 && height % 2 == 0 && width % 2 == 0 }

    /// The same, back through the ReLU whose output is x, of `planes / batch` blocks of channels; and the sums over
    /// samples and pixels, the gradient of the bias before the ReLU.
    public func backward(
        _ dy: UnsafePointer<Float>, places: UnsafePointer<UInt8>, through x: UnsafePointer<Float>, batch: Int,
        channels: Int, adds: Bool, into dx: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>
    ) {
        precondition(leadsThroughReLU, "a window of \(size) in \(height)x\(width)")
        kernels.max_pool_relu_backward(batch, channels, height, width, dy, places, x, adds, dx, sums)
    }
}

/// Batch normalization over samples and pixels of an activation in blocks.
public struct BatchNorm: Sendable {
    public let batch: Int
    public let channels: Int
    public let pixels: Int
    public let epsilon: Float

    public init(batch: Int, channels: Int, pixels: Int, epsilon: Float) {
        self.batch = batch
        self.channels = channels
        self.pixels = pixels
        self.epsilon = epsilon
    }

    /// Mean and biased variance of each channel.
    public func statistics(
        _ x: UnsafePointer<Float>, mean: UnsafeMutablePointer<Float>, variance: UnsafeMutablePointer<Float>
    ) {
        kernels.norm_statistics(batch, channels, pixels, x, mean, variance)
    }

    /// y = gamma (x - mean) / sqrt(variance + epsilon) + beta
    public func apply(
        _ x: UnsafePointer<Float>, mean: UnsafePointer<Float>, variance: UnsafePointer<Float>,
        gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
    ) {
        kernels.norm_apply(batch, channels, pixels, x, mean, variance, gamma, beta, epsilon, y)
    }

    /// The gradients of x, gamma and beta, through the statistics too (Ioffe and Szegedy, ICML 2015), and where `sums`
    /// is given, the sums of dx over n and pixels.
    public func backward(
        _ dy: UnsafePointer<Float>, x: UnsafePointer<Float>, mean: UnsafePointer<Float>,
        variance: UnsafePointer<Float>, gamma: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        gammaGradient: UnsafeMutablePointer<Float>, betaGradient: UnsafeMutablePointer<Float>,
        sums: UnsafeMutablePointer<Float>?
    ) {
        kernels.norm_backward(
            batch, channels, pixels, x, mean, variance, gamma, epsilon, dy, dx, gammaGradient, betaGradient, sums)
    }
}

/// A 1x1 convolution to one channel, `[n][pixels]`, with a bias, and then the sigmoid where asked for.
public struct ChannelSum: Sendable {
    public let batch: Int
    public let channels: Int
    public let pixels: Int
    public let sigmoid: Bool

    public init(batch: Int, channels: Int, pixels: Int, sigmoid: Bool) {
        self.batch = batch
        self.channels = channels
        self.pixels = pixels
        self.sigmoid = sigmoid
    }

    public func forward(
        _ x: UnsafePointer<Float>, kernel: UnsafePointer<Float>, bias: UnsafePointer<Float>,
        into map: UnsafeMutablePointer<Float>
    ) {
        kernels.map_forward(batch, channels, pixels, x, kernel, bias, sigmoid, map)
    }

    /// `mapGradient` passes back through the sigmoid, in place.
    public func backward(
        _ mapGradient: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, kernel: UnsafePointer<Float>,
        map: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, kernelGradient: UnsafeMutablePointer<Float>,
        biasGradient: UnsafeMutablePointer<Float>
    ) {
        kernels.map_backward(
            batch, channels, pixels, x, kernel, map, sigmoid, mapGradient, dx, kernelGradient, biasGradient)
    }
}

/// The product of an activation with a map of half its extent, repeated over 2x2 pixels and the channels.
public struct Gate: Sendable {
    public let batch: Int
    public let channels: Int
    public let height: Int
    public let width: Int

    public init(batch: Int, channels: Int, height: Int, width: Int) {
        self.batch = batch
        self.channels = channels
        self.height = height
        self.width = width
    }

    public func forward(
        _ x: UnsafePointer<Float>, map: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
    ) {
        kernels.gate_forward(batch, channels, height, width, x, map, y)
    }

    public func backward(
        _ dy: UnsafePointer<Float>, x: UnsafePointer<Float>, map: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>, mapGradient: UnsafeMutablePointer<Float>
    ) {
        kernels.gate_backward(batch, channels, height, width, x, map, dy, dx, mapGradient)
    }
}
