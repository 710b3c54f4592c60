import Digests
import Randomness

/// Which samples are computed when: a pure function of the seed and the sizes.
///
/// Each epoch has every training sample exactly once, in an order of its own, cut into steps of at most
/// `shardsPerStep` shards of at most `shardSize` samples. Only the last shard of an epoch may be short.
public struct EpochSchedule: Sendable {
    public let samples: [UInt32]
    public let shardSize: Int
    public let shardsPerStep: Int
    private let seed: UInt64

    public init(samples: [UInt32], shardSize: Int, shardsPerStep: Int, seed: UInt64) {
        precondition(!samples.isEmpty && shardSize > 0 && shardsPerStep > 0, "an empty schedule")
        self.samples = samples
        self.shardSize = shardSize
        self.shardsPerStep = shardsPerStep
        self.seed = seed
    }

    public var stepsPerEpoch: Int { (samples.count + stepSize - 1) / stepSize }
    private var stepSize: Int { shardSize * shardsPerStep }

    /// The place of a step, counted from the start of the run.
    public func place(of step: UInt64) -> (epoch: Int, step: Int) {
        let (epoch, step) = step.quotientAndRemainder(dividingBy: UInt64(stepsPerEpoch))
        return (Int(epoch), Int(step))
    }

    /// The samples of an epoch, in its order.
    public func order(epoch: Int) -> [UInt32] {
        var order = samples
        var stream = CounterGenerator(seed: seed, purpose: .shuffle, round: UInt32(epoch)).stream()
        stream.shuffle(&order)
        return order
    }

    /// The shards of a step of an epoch, given the epoch's order.
    public func shards(step: Int, of order: [UInt32]) -> [[UInt32]] {
        Self.shards(of: order[step * stepSize..<min((step + 1) * stepSize, order.count)], size: shardSize)
    }

    /// Cuts samples into shards; the last may be short.
    public static func shards(of samples: some RandomAccessCollection<UInt32>, size: Int) -> [[UInt32]] {
        let samples = Array(samples)
        return stride(from: 0, to: samples.count, by: size).map {
            Array(samples[$0..<min($0 + size, samples.count)])
        }
    }
}

/// The record of what was computed: every sample exactly once an epoch, whatever happened.
public struct Ledger: Sendable {
    /// In the order of the shards.
    private var samples: [UInt32] = []

    public init() {}

    /// A step was applied with the shards of these samples, in their order.
    public mutating func record(_ shards: [[UInt32]]) {
        for shard in shards { samples += shard }
    }

    /// The SHA-256 of the sample ids in the order they were trained on, as little-endian 32-bit numbers; nil unless
    /// each of `expected` was there exactly once.
    public func digest(covering expected: [UInt32]) -> String? {
        guard samples.sorted() == expected.sorted() else { return nil }
        return samples.withUnsafeBytes { SHA256.digest(of: $0) }
    }
}
