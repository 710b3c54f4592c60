internal import CKernels

/// What a sample brings to a dense layer: its inputs x `[depth]`, and for backward the gradient of the sums, d
/// `[width]`, and the place for that of the inputs, dx `[depth]`.
public struct DenseSample {
    fileprivate let sample: hbn_dense_sample

    public init(
        x: UnsafePointer<Float>, d: UnsafePointer<Float>? = nil, dx: UnsafeMutablePointer<Float>? = nil
    ) {
        sample = hbn_dense_sample(x: x, d: d, dx: dx)
    }
}

/// A dense layer whose kernel `[depth, width]` fits in no cache.
///
/// Its speed is that of reading the kernel: each pass reads it once for all samples, row after row, and leaves out rows
/// whose inputs are zero, as two of three are behind ReLU and dropout. Nothing that a sample gets depends on the
/// others.
public struct FactoredDense: Sendable {
    public let depth: Int
    public let width: Int

    /// Rows of the kernel whose products are added one by one; the blocks' sums are added in a balanced binary tree.
    /// They decide bits, and so do not depend on the machine.
    public static let rowsPerBlock = 4096

    public init(depth: Int, width: Int) {
        self.depth = depth
        self.width = width
    }

    public var blocks: Int { (depth + Self.rowsPerBlock - 1) / Self.rowsPerBlock }

    private func rows(_ block: Int) -> Range<Int> {
        block * Self.rowsPerBlock..<min((block + 1) * Self.rowsPerBlock, depth)
    }

    /// Samples whose rows follow each other: x and dx `[count, depth]`, d `[count, width]`.
    public func samples(
        _ count: Int, x: UnsafePointer<Float>, d: UnsafePointer<Float>? = nil, dx: UnsafeMutablePointer<Float>? = nil
    ) -> [DenseSample] {
        (0..<count).map { sample in
            DenseSample(
                x: x + sample * depth, d: d.map { $0 + sample * width }, dx: dx.map { $0 + sample * depth })
        }
    }

    /// The products of a block's rows: `sums` is `[samples][width]`. With a step, the rows take it first.
    public func forward(
        _ samples: [DenseSample], block: Int, kernel: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>,
        after step: FactoredStep? = nil
    ) {
        precondition(!samples.isEmpty, "a dense layer of no samples")
        sums.update(repeating: 0, count: samples.count * width)
        let rows = rows(block)
        // Rows that have taken a step are still in the cache when they are multiplied with.
        let some = step == nil ? rows.count : max(Self.floatsInCache / width, 1)
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: some) {
            let part = first..<min(first + some, rows.upperBound)
            if let step { take(step, rows: part) }
            withPointer(to: samples) {
                kernels.dense_forward($0, samples.count, part.lowerBound, part.count, width, kernel, sums)
            }
        }
    }

    /// A quarter of a second-level cache.
    private static let floatsInCache = 1 << 16

    /// Adds up the blocks' sums `[blocks][samples][width]` of some of the samples; the total stands in the first
    /// block's place.
    public func addBlocks(_ samples: Range<Int>, of count: Int, sums: UnsafeMutablePointer<Float>) {
        var distance = 1
        while distance < blocks {
            for block in stride(from: 0, to: blocks - distance, by: 2 * distance) {
                let sum = sums + (block * count + samples.lowerBound) * width
                add(sum + distance * count * width, to: sum, count: samples.count * width)
            }
            distance *= 2
        }
    }

    /// dx = D W^T for a block's rows, at the places where x is not zero; zero elsewhere.
    public func backwardData(_ samples: [DenseSample], block: Int, kernel: UnsafePointer<Float>) {
        let rows = rows(block)
        withPointer(to: samples) {
            kernels.dense_backward_data($0, samples.count, rows.lowerBound, rows.count, width, kernel)
        }
    }

    /// The same, and the block's step along X^T D in the same pass. Without momentum only.
    public func backwardDataAndStep(
        _ samples: [DenseSample], block: Int, sgd: SGDStep, kernel: UnsafeMutablePointer<Float>
    ) {
        precondition(!sgd.hasMomentum, "one pass for backward and a step with momentum")
        let rows = rows(block)
        withPointer(to: samples) {
            kernels.dense_backward_data_and_step(
                sgd.sgd, $0, samples.count, rows.lowerBound, rows.count, width, kernel)
        }
    }

    /// Steps `rows` along X^T D, added in the samples' order and never stored. The pointers are those of the whole
    /// kernel; `updated` may be `kernel`.
    public func step(
        _ samples: [DenseSample], rows: Range<Int>, sgd: SGDStep, _ kernel: UnsafePointer<Float>,
        velocity: UnsafeMutablePointer<Float>?, into updated: UnsafeMutablePointer<Float>
    ) {
        withPointer(to: samples) {
            kernels.sgd_step_factored(
                sgd.sgd, $0, samples.count, rows.lowerBound, rows.count, width, kernel, velocity, updated)
        }
    }

    /// The step of a block's rows.
    public func take(_ step: FactoredStep, block: Int) { take(step, rows: rows(block)) }

    private func take(_ step: FactoredStep, rows: Range<Int>) {
        self.step(
            step.samples, rows: rows, sgd: step.sgd, step.kernel, velocity: step.velocity, into: step.kernel)
    }

    private func withPointer(to samples: [DenseSample], _ body: (UnsafePointer<hbn_dense_sample>) -> Void) {
        samples.withUnsafeBufferPointer { samples in
            // A DenseSample is nothing but the C structure.
            samples.withMemoryRebound(to: hbn_dense_sample.self) { body($0.baseAddress!) }
        }
    }
}

/// A step of a kernel in place, along X^T D of samples that brought both; `velocity` is nil without momentum.
public struct FactoredStep {
    let samples: [DenseSample]
    let sgd: SGDStep
    let kernel: UnsafeMutablePointer<Float>
    let velocity: UnsafeMutablePointer<Float>?

    public init(
        _ samples: [DenseSample], sgd: SGDStep, kernel: UnsafeMutablePointer<Float>,
        velocity: UnsafeMutablePointer<Float>?
    ) {
        self.samples = samples
        self.sgd = sgd
        self.kernel = kernel
        self.velocity = velocity
    }
}

/// The numbers of one step of stochastic gradient descent.
public struct SGDStep: Sendable {
    fileprivate let sgd: hbn_sgd

    /// `kept` is the share of itself that a parameter keeps: 1 without weight decay.
    public init(learningRate: Float, momentum: Float, nesterov: Bool, kept: Float) {
        sgd = hbn_sgd(learning_rate: learningRate, momentum: momentum, kept: kept, nesterov: nesterov)
    }

    public var hasMomentum: Bool { sgd.momentum != 0 }

    /// Writes `count` parameters after the step to `updated`, which may be `parameters`. `velocity` is nil without
    /// momentum.
    public func apply(
        to parameters: UnsafePointer<Float>, gradient: UnsafePointer<Float>, velocity: UnsafeMutablePointer<Float>?,
        into updated: UnsafeMutablePointer<Float>, count: Int
    ) {
        kernels.sgd_step(sgd, count, parameters, gradient, velocity, updated)
    }
}

/// c = a b of small row-major matrices: a `[rows, depth]`, b `[depth, width]`.
public func product(
    rows: Int, width: Int, depth: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>
) {
    kernels.product(rows, width, depth, a, b, c)
}

/// c = a b^T: a `[rows, depth]`, b `[width, depth]`.
public func product(
    rows: Int, width: Int, depth: Int, _ a: UnsafePointer<Float>, withColumns b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>
) {
    kernels.product_with_columns(rows, width, depth, a, b, c)
}

/// c = a^T b: a `[depth, rows]`, b `[depth, width]`.
public func product(
    rows: Int, width: Int, depth: Int, ofColumns a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>
) {
    kernels.product_of_columns(rows, width, depth, a, b, c)
}
