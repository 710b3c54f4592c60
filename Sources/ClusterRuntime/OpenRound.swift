import ClusterLogic
import Messages
import ZeroMQ

/// A round that is being computed: a step's shards to train on, or shards to score, and what they gave so far.
struct OpenRound {
    let kind: Header.Assignment.Kind
    let number: UInt64
    /// The samples of each shard.
    let shards: [[UInt32]]
    /// Of the parameters to compute with.
    let version: UInt64
    var schedule: ShardSchedule
    private(set) var training: [Header.TrainingResult?]
    private(set) var probabilities: [[Float]?]
    /// Seconds that each shard took that is done.
    private(set) var seconds: [Double] = []

    init(_ kind: Header.Assignment.Kind, number: UInt64, shards: [[UInt32]], version: UInt64) {
        self.kind = kind
        self.number = number
        self.shards = shards
        self.version = version
        schedule = ShardSchedule(round: number, shards: shards.count)
        training = Array(repeating: nil, count: shards.count)
        probabilities = Array(repeating: nil, count: shards.count)
    }

    func assignment(shard: Int, attempt: Int) -> Header.Assignment {
        Header.Assignment(
            kind: kind, id: ShardAttempt(round: number, shard: shard, attempt: attempt), version: version,
            roundSamples: shards.reduce(0) { $0 + $1.count }, samples: shards[shard])
    }

    /// The parameter server has taken a shard's gradient.
    mutating func arrived(_ id: ShardAttempt, _ result: Header.TrainingResult) {
        guard id.round == number, kind == .train, schedule.complete(shard: id.shard, attempt: id.attempt) else {
            return
        }
        training[id.shard] = result
        seconds.append(result.seconds)
    }

    /// A worker's probabilities of a shard; they count if they are the first and fit.
    mutating func scored(_ id: ShardAttempt, _ frame: Message?, classes: Int, seconds: Double) {
        guard id.round == number, kind == .score, shards.indices.contains(id.shard), let frame,
            let floats = FloatFrame(frame, count: shards[id.shard].count * classes),
            schedule.complete(shard: id.shard, attempt: id.attempt)
        else { return }
        probabilities[id.shard] = floats.array
        self.seconds.append(seconds)
    }
}

/// A shard whose result must not be used: the run cannot go on.
struct ShardFailure: Error {
    let round: UInt64
    let shard: Int
    let samples: [UInt32]
    let worker: String
    let reason: String
}
