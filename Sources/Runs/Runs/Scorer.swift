import Dispatch
import Parameters
import Synchronization
import TensorCore
import Training
import TrainingData

/// Computes the probabilities of samples on this machine's cores, without a cluster.
public struct Scorer: Sendable {
    private let network: Network
    private let numerics: NumericsSettings
    private let parameters: ModelParameters
    private let shardSize: Int

    /// `shardSize` samples are computed at a time.
    public init(network: Network, numerics: NumericsSettings, parameters: ModelParameters, shardSize: Int) {
        self.network = network
        self.numerics = numerics
        self.parameters = parameters
        self.shardSize = shardSize
    }

    /// The probabilities of `samples` in their order, `[classes]` each; `images` makes those of a shard.
    ///
    /// The result does not depend on the number of lanes.
    public func probabilities(
        of samples: [UInt32], lanes: Int, images: @escaping @Sendable ([UInt32]) -> FloatBuffer
    ) throws -> [Float] {
        let shards = EpochSchedule.shards(of: samples, size: shardSize)
        let state = Mutex<(next: Int, results: [[Float]], failure: (any Error)?)>(
            (0, Array(repeating: [], count: shards.count), nil))
        DispatchQueue.concurrentPerform(iterations: max(1, min(lanes, shards.count))) { _ in
            do {
                let computation = try LaneComputation(network: network, numerics: numerics)
                while let index = state.withLock({ state -> Int? in
                    defer { state.next += 1 }
                    return state.next < shards.count && state.failure == nil ? state.next : nil
                }) {
                    let batch = images(shards[index])
                    let result = try withExtendedLifetime(batch) {
                        try computation.score(
                            samples: shards[index].count, images: batch.base, parameters: parameters.base,
                            factoredKernel: parameters.factoredKernel
                        ) { Array($0) }
                    }
                    state.withLock { $0.results[index] = result }
                }
            } catch {
                state.withLock { $0.failure = error }
            }
        }
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.results.flatMap { $0 }
        }
    }
}
