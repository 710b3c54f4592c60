import Foundation
import Parameters
import Programs
import Synchronization

/// A shard's images `[n, h, w, 3]`, its labels, and what each sample's loss counts (nil: one), ready to be sent.
public struct ShardTensors: Sendable {
    public let images: FloatBuffer
    public let labels: [Int32]
    public let weights: [Float]?

    public init(images: FloatBuffer, labels: [Int32], weights: [Float]? = nil) {
        self.images = images
        self.labels = labels
        self.weights = weights
    }
}

/// Makes the shards of this round and the next on threads of its own, ahead of the lanes that ask for them.
///
/// A shard's tensors are kept for the whole round, since any shard may have to be handed out again.
package final class ShardLoader: Sendable {
    package typealias Load = @Sendable (_ samples: [UInt32], _ epoch: Int?) -> ShardTensors

    struct Key: Hashable, Sendable {
        let round: UInt64
        let shard: Int
    }

    /// Shards that have been made since it was last emptied.
    let made: Mailbox<Key>
    private let load: Load
    /// What was asked for; nil while it is being made.
    private let state = Mutex<[Key: ShardTensors?]>([:])
    private let queue = DispatchQueue(label: "shard-loader", attributes: .concurrent)

    init(waking wakeup: Wakeup, load: @escaping Load) {
        made = Mailbox(waking: wakeup)
        self.load = load
    }

    /// Begins to make a round's shards, unless that was done already. `epoch` is nil for shards that are not augmented.
    func prepare(round: UInt64, shards: [[UInt32]], epoch: Int?) {
        for (index, samples) in shards.enumerated() {
            let key = Key(round: round, shard: index)
            let isNew = state.withLock { state in
                if state[key] != nil { return false }
                state.updateValue(nil, forKey: key)
                return true
            }
            guard isNew else { continue }
            queue.async { [self] in
                let tensors = load(samples, epoch)
                // The round may have been given up meanwhile.
                state.withLock { if $0.keys.contains(key) { $0.updateValue(tensors, forKey: key) } }
                made.put(key)
            }
        }
    }

    /// A shard of a prepared round; nil while it is being made.
    func tensors(round: UInt64, shard: Int) -> ShardTensors? {
        state.withLock { $0[Key(round: round, shard: shard)] ?? nil }
    }

    func discard(round: UInt64) {
        state.withLock { shards in shards = shards.filter { $0.key.round != round } }
    }

    func discardAll() { state.withLock { $0 = [:] } }
}
