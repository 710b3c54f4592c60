import ClusterLogic
import Kernels
import Messages
import Parameters
import Programs
import Transport
import ZeroMQ

/// The rows of the factored kernel that lie on a parameter server, which multiplies with them: what shards have
/// brought, and what they got for it.
final class PlacedKernel {
    /// What a shard's attempt has brought so far.
    struct Shard {
        let peer: NodeID
        let samples: Int
        let isKept: Bool
        let core: Int?
        let x: FloatFrame
        let xDigest: UInt64
        fileprivate(set) var d: FloatFrame?
        fileprivate(set) var dDigest: UInt64 = 0
        /// The answers: sums, and D W^T.
        fileprivate var sums: FloatBuffer?
        fileprivate var dx: FloatBuffer?
    }

    /// An answer to a worker.
    struct Answer {
        let peer: NodeID
        let header: Header
        let tensors: [Message]
    }

    private let slice: SlicedSum.Slice
    private let passes: KernelPasses
    private let sharesMemory: Bool
    private var shards: [ShardAttempt: Shard] = [:]
    /// For X and for D W^T, by their size.
    private var received: [Int: BufferPool] = [:]
    private var buffers: [Int: BufferPool] = [:]
    private let finished: Mailbox<KernelPasses.Product>

    init(
        _ dense: FactoredDense, _ slice: SlicedSum.Slice, sharesMemory: Bool, cores: [Int], waking wakeup: Wakeup
    ) {
        self.slice = slice
        self.sharesMemory = sharesMemory
        finished = Mailbox(waking: wakeup)
        passes = KernelPasses(dense, slice, cores: cores, isAmongLanes: sharesMemory, finished: finished)
    }

    deinit { passes.end() }

    var rows: Int { passes.dense.depth }
    var width: Int { passes.dense.width }

    func shard(_ id: ShardAttempt) -> Shard? { shards[id] }

    /// Computes with these rows, which nobody else may change until `stop`; with a step, with what they are after that.
    func start(_ kernel: UnsafePointer<Float>, after step: KernelPasses.Step? = nil) {
        passes.start(kernel, after: step)
    }

    /// Is nothing needed any more of what the step was given?
    var hasTakenStep: Bool { passes.hasTakenStep }

    /// When it returns, the rows have taken their step.
    func takeStep() { passes.takeStep() }

    /// Forgets all shards; returns who still waits for an answer. The rows have taken their step.
    func stop() -> [(id: ShardAttempt, peer: NodeID)] {
        passes.stop()
        _ = finished.takeAll()
        defer { shards = [:] }
        return shards.filter { $0.value.sums == nil || $0.value.d != nil && $0.value.dx == nil }
            .sorted { ($0.key.shard, $0.key.attempt) < ($1.key.shard, $1.key.attempt) }
            .map { ($0.key, $0.value.peer) }
    }

    /// X as it came over the network; nil if it is none.
    func unpack(_ frame: Message, samples: Int) throws -> FloatFrame? {
        let count = samples * rows
        let x = try received[count, default: BufferPool(count: count)].take()
        let isWhole = frame.withUnsafeBytes { PackedRows.unpack($0, rows: samples, length: rows, into: x.base) }
        return isWhole ? FloatFrame(x) : nil
    }

    /// X W is asked for. The answer comes later; at once if it is there already.
    func multiply(
        _ id: ShardAttempt, of peer: NodeID, samples: Int, isKept: Bool, core: Int?, x: FloatFrame, digest: UInt64
    ) throws -> Answer? {
        if let known = shards[id] { return try known.sums.map { try answer(id, known, sums: $0) } }
        shards[id] = Shard(peer: peer, samples: samples, isKept: isKept, core: core, x: x, xDigest: digest)
        passes.add(
            .init(
                id, samples: samples, x: x, d: nil, core: core,
                result: FloatBuffer(count: max(slice.blocks.count, 1) * samples * width)))
        return nil
    }

    /// D W^T is asked for, of a shard whose X is there.
    func multiplyTransposed(_ id: ShardAttempt, d: FloatFrame, digest: UInt64) throws -> Answer? {
        let shard = shards[id]!
        guard shard.d == nil else { return try shard.dx.map { try answer(id, shard, dx: $0) } }
        (shards[id]!.d, shards[id]!.dDigest) = (d, digest)
        let count = shard.samples * rows
        let result = try buffers[count, default: BufferPool(count: count, isShared: sharesMemory)].take()
        passes.add(.init(id, samples: shard.samples, x: shard.x, d: d, core: shard.core, result: result))
        return nil
    }

    /// The answers to what is finished.
    func takeAnswers() throws -> [Answer] {
        try finished.takeAll().compactMap { product in
            guard let shard = shards[product.id] else { return nil }
            if product.d != nil {
                shards[product.id]!.dx = product.result
                return try answer(product.id, shard, dx: product.result)
            }
            let sums = try pick(product.result, samples: shard.samples)
            if shard.isKept { shards[product.id]!.sums = sums } else { shards[product.id] = nil }
            return try answer(product.id, shard, sums: sums)
        }
    }

    /// The sums of the complete sub-trees, one behind the other.
    private func pick(_ all: FloatBuffer, samples: Int) throws -> FloatBuffer {
        let size = samples * width
        let sums = FloatBuffer(count: slice.sums.count * size)
        for (place, block) in slice.sums.enumerated() {
            (sums.base + place * size).update(
                from: all.base + (block - slice.blocks.lowerBound) * size, count: size)
        }
        return sums
    }

    private func answer(_ id: ShardAttempt, _ shard: Shard, sums: FloatBuffer) throws -> Answer {
        let frame = FloatFrame(sums)
        return Answer(
            peer: shard.peer, header: .product(id, isTransposed: false, digest: frame.digest, memory: nil),
            tensors: [try frame.message()])
    }

    private func answer(_ id: ShardAttempt, _ shard: Shard, dx: FloatBuffer) throws -> Answer {
        if sharesMemory {
            return Answer(
                peer: shard.peer, header: .product(id, isTransposed: true, digest: 0, memory: dx.memory), tensors: [])
        }
        let packed = FloatBuffer(count: shard.samples * rows)
        let count = PackedRows.gather(
            dx.base, stride: rows, where: shard.x.base, stride: rows, rows: shard.samples, length: rows,
            into: packed.base)
        let frame = FloatFrame(packed, 0..<count)
        return Answer(
            peer: shard.peer, header: .product(id, isTransposed: true, digest: frame.digest, memory: nil),
            tensors: [try frame.message()])
    }
}
