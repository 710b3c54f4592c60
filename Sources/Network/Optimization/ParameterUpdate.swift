import Dispatch
import Kernels
import Parameters
import Synchronization

/// The gradient of a dense kernel from one shard, X^T D, as its factors: X `[samples, depth]`, D `[samples, width]`.
public struct DenseFactors {
    public let samples: Int
    public let x: UnsafePointer<Float>
    public let d: UnsafePointer<Float>

    public init(samples: Int, x: UnsafePointer<Float>, d: UnsafePointer<Float>) {
        self.samples = samples
        self.x = x
        self.d = d
    }
}

/// One step of the parameters of a layout, or of those in a part of its buffer.
///
/// The work is cut into blocks that depend on the layout alone. Each block is computed by one thread from start to
/// end, so the number of threads does not change the result.
public struct ParameterUpdate: Sendable {
    /// Long enough that handing a block to a thread costs nothing.
    static let floatsPerBlock = 1 << 17

    let layout: ParameterLayout
    let optimizer: SGD
    /// The part that is updated. All buffers hold this part alone.
    let range: Range<Int>
    /// Moving statistics keep this share of themselves (Keras' default).
    public static let statisticMomentum: Float = 0.99

    public init(layout: ParameterLayout, optimizer: SGD, range: Range<Int>? = nil) {
        self.layout = layout
        self.optimizer = optimizer
        self.range = range ?? 0..<layout.count
    }

    /// The step of the factored kernel's rows alone, in place: for whoever passes over them anyhow, after `apply`
    /// without factors. The buffers and the factors must stay until it is taken.
    public func factoredStep(
        of parameters: FloatBuffer, factors: [DenseFactors], velocity: FloatBuffer?
    ) -> FactoredStep? {
        guard let dense, dense.depth > 0 else { return nil }
        let start = layout.placeOfRows(in: range)
        return FactoredStep(
            factors.flatMap { dense.samples($0.samples, x: $0.x, d: $0.d) }, sgd: optimizer.step,
            kernel: parameters.base + start,
            velocity: optimizer.needsVelocity ? velocity.map { $0.base + start } : nil)
    }

    /// The rows of the factored kernel in the part.
    private var dense: FactoredDense? {
        layout.factored.map { FactoredDense(depth: layout.rows(in: range).count, width: $0.shape[1]) }
    }

    /// Writes the parameters after the step to `updated`, which may be `parameters` itself.
    ///
    /// `gradient` is the sum over the step's shards in the layout's order: gradients of the mean loss, and at the
    /// places of moving statistics the batch's own. `factors` are those of the factored kernel's rows, in the order of
    /// the shards; nil where that kernel takes its step apart. `velocity` has the layout's order and is kept between
    /// steps; nil without momentum. False if a number that was written is not finite; the factored kernel's are not
    /// looked at.
    @discardableResult
    public func apply(
        to parameters: FloatBuffer, gradient: UnsafePointer<Float>, factors: [DenseFactors]?, velocity: FloatBuffer?,
        into updated: FloatBuffer
    ) -> Bool {
        let dense = dense
        nonisolated(unsafe) let samples = (factors ?? []).flatMap { shard in
            dense!.samples(shard.samples, x: shard.x, d: shard.d)
        }
        nonisolated(unsafe) let gradient = gradient
        let blocks = layout.parameters.filter { factors != nil || $0.role != .factored }.flatMap {
            Block.cutting($0, within: range)
        }
        let areAllFinite = Atomic(true)
        DispatchQueue.concurrentPerform(iterations: blocks.count) { index in
            let block = blocks[index]
            let offset = block.range.lowerBound - range.lowerBound
            let (source, target) = (parameters.base + offset, updated.base + offset)
            switch block.parameter.role {
            case .statistic:
                let (kept, fresh) = (Self.statisticMomentum, 1 - Self.statisticMomentum)
                for i in 0..<block.range.count { target[i] = kept * source[i] + fresh * gradient[offset + i] }
            case .trainable:
                optimizer.step(
                    source, gradient: gradient + offset, velocity: velocity.map { $0.base + offset }, into: target,
                    count: block.range.count)
            case .factored:
                let start = layout.placeOfRows(in: range)
                let first = (offset - start) / dense!.width
                dense!.step(
                    samples, rows: first..<first + block.range.count / dense!.width,
                    sgd: optimizer.step, parameters.base + start,
                    velocity: optimizer.needsVelocity ? velocity.map { $0.base + start } : nil,
                    into: updated.base + start)
                return
            }
            if !areFinite(UnsafeBufferPointer(start: target, count: block.range.count)) {
                areAllFinite.store(false, ordering: .relaxed)
            }
        }
        return areAllFinite.load(ordering: .relaxed)
    }
}

/// A part of one parameter, as a range of the layout's buffer; whole rows of a factored one.
private struct Block: Sendable {
    let parameter: Parameter
    let range: Range<Int>

    static func cutting(_ parameter: Parameter, within range: Range<Int>) -> [Block] {
        var size = ParameterUpdate.floatsPerBlock
        if parameter.role == .factored { size = max(size / parameter.shape[1], 1) * parameter.shape[1] }
        let part = parameter.range.clamped(to: range)
        return stride(from: part.lowerBound, to: part.upperBound, by: size).map {
            Block(parameter: parameter, range: $0..<min($0 + size, part.upperBound))
        }
    }
}
