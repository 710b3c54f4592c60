/// Which shards of a round are to be computed, by whom, and which are done.
///
/// A shard is an idempotent task: it may be handed out again at any time, and the first result counts.
public struct ShardSchedule: Sendable {
    public let round: UInt64
    public let shards: Int
    private var states: [State]

    private struct State: Sendable {
        var isDone = false
        var attempts = 0
        /// Who computes it, as which attempt, and since when.
        var owners: [(node: NodeID, attempt: Int, since: ContinuousClock.Instant)] = []
    }

    public init(round: UInt64, shards: Int) {
        precondition(shards > 0, "a round of \(shards) shards")
        self.round = round
        self.shards = shards
        states = Array(repeating: State(), count: shards)
    }

    public var isComplete: Bool { states.allSatisfy { $0.isDone } }
    public var remaining: Int { states.count { !$0.isDone } }
    /// Attempts beyond the first of each shard.
    public var repeatedAttempts: Int { states.reduce(0) { $0 + max($1.attempts - 1, 0) } }

    /// The first shard that nobody computes.
    public var next: Int? { states.firstIndex { !$0.isDone && $0.owners.isEmpty } }

    /// Hands out the first shard that nobody computes; nil when there is none.
    public mutating func assign(to node: NodeID, at now: ContinuousClock.Instant) -> (shard: Int, attempt: Int)? {
        guard let shard = next else { return nil }
        states[shard].attempts += 1
        states[shard].owners.append((node, states[shard].attempts, now))
        return (shard, states[shard].attempts)
    }

    /// Gives up on attempts that are out for longer than `limit`: their shards wait again, and are returned. Their
    /// results still count if they come first.
    public mutating func giveUp(olderThan limit: Duration, at now: ContinuousClock.Instant) -> [Int] {
        removeOwners { $0.since.duration(to: now) > limit }
    }

    /// A result is there. False if the shard had one already, or was never handed out as this attempt.
    public mutating func complete(shard: Int, attempt: Int) -> Bool {
        guard states.indices.contains(shard), !states[shard].isDone, attempt >= 1, attempt <= states[shard].attempts
        else { return false }
        states[shard].isDone = true
        states[shard].owners = []
        return true
    }

    /// An attempt gave nothing; its shard waits again unless somebody else computes it.
    public mutating func fail(shard: Int, attempt: Int) {
        guard states.indices.contains(shard) else { return }
        states[shard].owners.removeAll { $0.attempt == attempt }
    }

    /// A node is gone: returns the shards that wait again.
    public mutating func release(_ node: NodeID) -> [Int] { removeOwners { $0.node == node } }

    /// Returns the shards that nobody computes any more.
    private mutating func removeOwners(
        where isGone: ((node: NodeID, attempt: Int, since: ContinuousClock.Instant)) -> Bool
    ) -> [Int] {
        states.indices.filter { shard in
            let before = states[shard].owners.count
            states[shard].owners.removeAll(where: isGone)
            return before > 0 && states[shard].owners.isEmpty
        }
    }

    /// The shards a node computes now.
    public func shards(of node: NodeID) -> [Int] {
        states.indices.filter { shard in states[shard].owners.contains { $0.node == node } }
    }
}
