import Foundation
import Parameters
import Synchronization

/// A shard's images `[n, h, w, 3]` and labels, ready to be sent.
public struct ShardTensors: Sendable {
    public let images: FloatBuffer
    public let labels: [Int32]

    public init(images: FloatBuffer, labels: [Int32]) {
        self.images = images
        self.labels = labels
    }
}

/// Makes the shards of this round and the next on threads of its own, ahead of the lanes that ask for them.
///
/// A shard's tensors are kept for the whole round, since any shard may have to be handed out again.
final class ShardLoader: Sendable {
    typealias Load = @Sendable (_ samples: [UInt32], _ epoch: Int?) -> ShardTensors

    private let load: Load
    private let state = Mutex<[Key: Slot]>([:])
    private let queue = DispatchQueue(label: "shard-loader", attributes: .concurrent)

    private struct Key: Hashable {
        let round: UInt64
        let shard: Int
    }

    private final class Slot: Sendable {
        let tensors = Mutex<ShardTensors?>(nil)
    }

    init(load: @escaping Load) { self.load = load }

    /// Begins to make a round's shards, unless that was done already. `epoch` is nil for shards that are not augmented.
    func prepare(round: UInt64, shards: [[UInt32]], epoch: Int?) {
        for (index, samples) in shards.enumerated() {
            let key = Key(round: round, shard: index)
            let slot: Slot? = state.withLock { slots in
                guard slots[key] == nil else { return nil }
                let slot = Slot()
                slots[key] = slot
                return slot
            }
            guard let slot else { continue }
            queue.async { [load] in
                let tensors = load(samples, epoch)
                slot.tensors.withLock { $0 = tensors }
            }
        }
    }

    /// A shard of a prepared round; nil while it is being made.
    func tensors(round: UInt64, shard: Int) -> ShardTensors? {
        guard let slot = state.withLock({ $0[Key(round: round, shard: shard)] }) else {
            preconditionFailure("shard \(shard) of round \(round) was not prepared")
        }
        return slot.tensors.withLock { $0 }
    }

    func discard(round: UInt64) {
        state.withLock { slots in slots = slots.filter { $0.key.round != round } }
    }
}
