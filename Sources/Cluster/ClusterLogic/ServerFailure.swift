import Messages

/// What a parameter server says by a failure: it is about no attempt at a shard, whose numbers begin with 1.
public enum ServerFailure: Hashable, Sendable {
    /// The server cannot follow the others any more, and counts as lost.
    case lost
    /// The sum of a step's gradients is not finite: the step is not taken.
    case overflow(step: UInt64)
    /// The parameters after a step are not finite.
    case divergence(step: UInt64)

    /// As it is said in place of an attempt.
    public var id: ShardAttempt {
        switch self {
        case .lost: ShardAttempt(round: 0, shard: 0, attempt: 0)
        case .overflow(let step): ShardAttempt(round: step, shard: 1, attempt: 0)
        case .divergence(let step): ShardAttempt(round: step, shard: 2, attempt: 0)
        }
    }

    /// Whatever is not known means that the server is lost.
    public init(_ id: ShardAttempt) {
        switch id.shard {
        case 1: self = .overflow(step: id.round)
        case 2: self = .divergence(step: id.round)
        default: self = .lost
        }
    }
}
