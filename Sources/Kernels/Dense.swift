internal import CKernels

/// The matrix products of a dense layer with few samples and a kernel `[depth, width]` too large for any cache.
///
/// Their speed is that of reading the kernel: each pass reads it once, row after row, and leaves out rows whose inputs
/// are zero, as two of three are behind ReLU and dropout.
public struct FactoredDense: Sendable {
    public let samples: Int
    public let depth: Int
    public let width: Int

    /// Rows of the kernel whose products are added one by one; the blocks' sums are added in a balanced binary tree.
    /// They decide bits, and so do not depend on the machine.
    static let rowsPerBlock = 4096

    public init(samples: Int, depth: Int, width: Int) {
        self.samples = samples
        self.depth = depth
        self.width = width
    }

    private var blocks: Int { (depth + Self.rowsPerBlock - 1) / Self.rowsPerBlock }

    /// Floats of working memory for `forward`.
    public var scratchCount: Int { blocks * samples * width }

    /// sums = X W, `[samples, width]`, at the start of `scratch`.
    public func forward(_ x: UnsafePointer<Float>, kernel: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>) {
        let size = samples * width
        for block in 0..<blocks {
            let first = block * Self.rowsPerBlock
            hbn_dense_forward(
                samples, min(Self.rowsPerBlock, depth - first), depth, width, x + first, kernel + first * width,
                sums + block * size)
        }
        var distance = 1
        while distance < blocks {
            for block in stride(from: 0, to: blocks - distance, by: 2 * distance) {
                hbn_add(size, sums + (block + distance) * size, sums + block * size)
            }
            distance *= 2
        }
    }

    /// dx = D W^T at the places where `x` is not zero, `[samples, depth]`, and zero elsewhere.
    public func backwardData(
        _ x: UnsafePointer<Float>, _ d: UnsafePointer<Float>, kernel: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>
    ) {
        hbn_dense_backward_data(samples, depth, width, x, d, kernel, dx)
    }
}

/// The gradient of a dense kernel from one shard, X^T D, as its factors: X `[samples, depth]`, D `[samples, width]`.
public struct DenseFactors {
    let factors: hbn_factors

    public init(samples: Int, x: UnsafePointer<Float>, d: UnsafePointer<Float>) {
        factors = hbn_factors(samples: samples, x: x, d: d)
    }
}

/// The numbers of one step of stochastic gradient descent.
public struct SGDStep: Sendable {
    private let sgd: hbn_sgd

    /// `kept` is the share of itself that a parameter keeps: 1 without weight decay.
    public init(learningRate: Float, momentum: Float, nesterov: Bool, kept: Float) {
        sgd = hbn_sgd(learning_rate: learningRate, momentum: momentum, kept: kept, nesterov: nesterov)
    }

    /// Writes `count` parameters after the step to `updated`, which may be `parameters`. `velocity` is nil without
    /// momentum.
    public func apply(
        to parameters: UnsafePointer<Float>, gradient: UnsafePointer<Float>, velocity: UnsafeMutablePointer<Float>?,
        into updated: UnsafeMutablePointer<Float>, count: Int
    ) {
        hbn_sgd_step(sgd, count, parameters, gradient, velocity, updated)
    }

    /// Steps `rows` of a dense kernel `[depth, width]` along the sum of the shards' X^T D, added in their order and never
    /// stored. The pointers are those of the whole kernel.
    public func apply(
        _ shards: [DenseFactors], rows: Range<Int>, depth: Int, width: Int, to parameters: UnsafePointer<Float>,
        velocity: UnsafeMutablePointer<Float>?, into updated: UnsafeMutablePointer<Float>
    ) {
        withUnsafeTemporaryAllocation(of: hbn_factors.self, capacity: shards.count) { factors in
            for (index, shard) in shards.enumerated() { factors.initializeElement(at: index, to: shard.factors) }
            hbn_sgd_step_factored(
                sgd, factors.baseAddress, factors.count, rows.lowerBound, rows.count, depth, width, parameters,
                velocity, updated)
        }
    }
}
