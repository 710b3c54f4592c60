internal import CKernels

/// sum[i] += part[i]
public func add(_ part: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, count: Int) {
    kernels.add(count, part, sum)
}

/// sum[i] = a[i] + b[i]
public func add(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into sum: UnsafeMutablePointer<Float>, count: Int
) {
    kernels.sum(count, a, b, sum)
}

/// output[i] = max(a[i] + b[i], 0); NaN stays
public func addWithReLU(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, count: Int
) {
    kernels.add_relu(count, a, b, output)
}

/// gradient[i] stays where output[i] is above zero, and becomes zero elsewhere.
public func backThroughReLU(
    _ output: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int
) {
    kernels.relu_backward(count, output, gradient)
}

/// row[i] becomes zero where draws[i] < rate, and row[i] scale elsewhere.
public func drop(
    _ row: UnsafeMutablePointer<Float>, draws: UnsafePointer<Float>, rate: Float, scale: Float, count: Int
) {
    kernels.drop(count, draws, rate, scale, row)
}

/// How a line of pixels lies in an activation: blocks of 16 channels, `blockStride` floats apart.
public struct PixelLine: Sendable {
    public let pixels: Int
    public let channels: Int
    public let blockStride: Int

    public init(pixels: Int, channels: Int, blockStride: Int) {
        self.pixels = pixels
        self.channels = channels
        self.blockStride = blockStride
    }

    /// Copies it to a row `[pixels][channels]`.
    public func flatten(_ activation: UnsafePointer<Float>, into row: UnsafeMutablePointer<Float>) {
        kernels.flatten(pixels, channels, blockStride, activation, row)
    }

    /// The way back for a gradient, which passes times `scale` where the row is not zero. Channels that only fill a
    /// block up get zero.
    public func unflattenGradient(
        _ rowGradient: UnsafePointer<Float>, row: UnsafePointer<Float>, scale: Float,
        into gradient: UnsafeMutablePointer<Float>
    ) {
        kernels.unflatten_gradient(pixels, channels, blockStride, row, rowGradient, scale, gradient)
    }
}

/// Uniform numbers in [0, 1) with 24 bits from `blocks` counters of Philox 4x32-10, four from each: the counter's words
/// are the low word of the index, `purpose` with the index's high word, `round` and `item`.
public func fillUniform(
    _ output: UnsafeMutablePointer<Float>, blocks: Int, first: UInt64, key: SIMD2<UInt32>, purpose: UInt32,
    round: UInt32, item: UInt32
) {
    kernels.philox_uniform(key[0], key[1], purpose, round, item, first, blocks, output)
}
