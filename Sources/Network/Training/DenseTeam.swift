import Glibc
import Kernels
import Parameters
import Synchronization
import TensorCore

/// The factored dense layer of lanes that compute all shards of a step together, each one shard, in one process.
///
/// The lanes meet at the layer and pass over its kernel once for all their samples: once forward, and once backward,
/// which takes the optimizer's step in the same pass. That is what bounds the layer's speed, for the kernel comes from
/// memory. The results are those of lanes that compute alone, to the bit.
///
/// `@unchecked Sendable`: between barriers each lane writes its own entry, its own blocks or its own samples.
public final class DenseTeam: @unchecked Sendable {
    private let dense: FactoredDense
    private let sgd: SGDStep
    private let kernel: FloatBuffer
    private let kernelOffset: Int
    private let ranges: [Range<Int>]
    private let sums: FloatBuffer
    private let barrier: UnsafeMutablePointer<pthread_barrier_t>
    private let nextBlock = Atomic(0)
    /// What each lane brings, written by the lane itself.
    private let entries: UnsafeMutablePointer<[DenseSample]>

    /// `samples` are those of each lane's shard. The kernel is the factored one of these parameters, to be stepped in
    /// place.
    public init(samples: [Int], _ parameters: FloatBuffer, of layout: ParameterLayout, sgd: SGDStep) {
        let factored = layout.factored!
        precondition(
            !samples.isEmpty && samples.allSatisfy { $0 > 0 } && !sgd.hasMomentum,
            "a team of lanes with \(samples) samples")
        dense = FactoredDense(depth: factored.shape[0], width: factored.shape[1])
        self.sgd = sgd
        kernel = parameters
        kernelOffset = factored.offset
        var end = 0
        ranges = samples.map { count in
            defer { end += count }
            return end..<end + count
        }
        sums = FloatBuffer(count: dense.blocks * end * dense.width)
        entries = .allocate(capacity: samples.count)
        entries.initialize(repeating: [], count: samples.count)
        barrier = .allocate(capacity: 1)
        pthread_barrier_init(barrier, nil, UInt32(samples.count))
    }

    deinit {
        entries.deinitialize(count: ranges.count)
        entries.deallocate()
        pthread_barrier_destroy(barrier)
        barrier.deallocate()
    }

    public var byteCount: Int { sums.bytes.count }

    /// The layer as a lane's plan sees it.
    public func member(_ lane: Int) -> any FactoredProducts { Member(team: self, lane: lane) }

    private final class Member: FactoredProducts {
        private let team: DenseTeam
        private let lane: Int

        init(team: DenseTeam, lane: Int) {
            self.team = team
            self.lane = lane
        }

        func forward(_ x: UnsafePointer<Float>, samples: Int, into sums: UnsafeMutablePointer<Float>) -> Bool {
            let (team, range) = (team, team.ranges[lane])
            let (dense, total, kernel) = (
                team.dense, team.ranges.last!.upperBound, team.kernel.base + team.kernelOffset
            )
            let samples = dense.samples(samples, x: x)
            team.eachBlock(lane, samples) { all, block in
                dense.forward(
                    all, block: block, kernel: kernel, sums: team.sums.base + block * total * dense.width)
            }
            dense.addBlocks(range, of: total, sums: team.sums.base)
            sums.update(from: team.sums.base + range.lowerBound * dense.width, count: range.count * dense.width)
            return true
        }

        func backwardData(
            _ x: UnsafePointer<Float>, d: UnsafePointer<Float>, samples: Int, into dx: UnsafeMutablePointer<Float>
        ) -> Bool {
            let (team, dense, kernel) = (team, team.dense, team.kernel.base + team.kernelOffset)
            let samples = dense.samples(samples, x: x, d: d, dx: dx)
            team.eachBlock(lane, samples) { all, block in
                dense.backwardDataAndStep(all, block: block, sgd: team.sgd, kernel: kernel)
            }
            return true
        }
    }

    /// Waits for all lanes, has them take the blocks one by one, and waits until all are done.
    private func eachBlock(_ lane: Int, _ samples: [DenseSample], _ body: ([DenseSample], Int) -> Void) {
        entries[lane] = samples
        pthread_barrier_wait(barrier)
        let all = UnsafeBufferPointer(start: entries, count: ranges.count).flatMap { $0 }
        while true {
            let block = nextBlock.wrappingAdd(1, ordering: .relaxed).oldValue
            if block >= dense.blocks { break }
            body(all, block)
        }
        pthread_barrier_wait(barrier)
        // Nobody takes a block before all have met again.
        if lane == 0 { nextBlock.store(0, ordering: .relaxed) }
    }
}
