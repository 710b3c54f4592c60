import Messages
import ZeroMQ

/// A round that is being computed: a step's shards to train on, or shards to score, and what they gave so far.
package struct OpenRound {
    package enum Kind {
        case train
        case score
    }

    let kind: Kind
    let number: UInt64
    /// The samples of each shard.
    let shards: [[UInt32]]
    /// Of the parameters to compute with.
    let version: UInt64
    /// What has come of each shard, in their order.
    var training: [Header.TrainingResult?]
    var probabilities: [[Float]?]
    /// Shards of which an attempt came to numbers that are not finite.
    var failedShards: Set<Int> = []
    /// Earlier attempts do not count.
    private(set) var firstAttempt = 1
    /// Attempts at a result that workers were given.
    var handedOut: Set<ShardAttempt> = []

    init(_ kind: Kind, number: UInt64, shards: [[UInt32]], version: UInt64) {
        self.kind = kind
        self.number = number
        self.shards = shards
        self.version = version
        training = Array(repeating: nil, count: shards.count)
        probabilities = Array(repeating: nil, count: shards.count)
    }

    func assignment(_ id: ShardAttempt, isAudit: Bool) -> Header.Assignment {
        let kind: Header.Assignment.Kind =
            switch kind {
            case .train: isAudit ? .audit : .train
            case .score: .score
            }
        return Header.Assignment(
            kind: kind, id: id, version: version, roundSamples: shards.reduce(0) { $0 + $1.count },
            samples: shards[id.shard])
    }

    /// How people call one of its shards.
    func name(ofShard shard: Int) -> String {
        switch kind {
        case .train: "shard \(shard) of step \(number)"
        case .score: "shard \(shard) of the scoring after step \(version)"
        }
    }

    mutating func restart(firstAttempt: Int) {
        self.firstAttempt = firstAttempt
        training = Array(repeating: nil, count: shards.count)
        probabilities = Array(repeating: nil, count: shards.count)
    }
}

/// A shard whose result must not be used: the run cannot go on.
package struct ShardFailure: Error {
    package let kind: OpenRound.Kind
    /// Steps that the parameters have taken with which it was computed.
    package let step: UInt64
    package let shard: Int
    package let samples: [UInt32]
    package let worker: String
    package let reason: String

    init(_ round: OpenRound, shard: Int, worker: String, reason: String) {
        (kind, step) = (round.kind, round.version)
        (self.shard, samples) = (shard, round.shards[shard])
        (self.worker, self.reason) = (worker, reason)
    }
}

/// A step whose numbers must not be used though those of its shards may: the run cannot go on.
package struct StepFailure: Error {
    package let step: UInt64
    /// Have the parameters taken it?
    package let isApplied: Bool
    package let reason: String
}
