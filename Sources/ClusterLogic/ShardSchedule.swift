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
        /// Who computes it, with the number of the attempt.
        var owners: [(node: NodeID, attempt: Int)] = []
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

    /// Hands out the first shard that nobody computes; nil when there is none.
    public mutating func assign(to node: NodeID) -> (shard: Int, attempt: Int)? {
        guard let shard = states.firstIndex(where: { !$0.isDone && $0.owners.isEmpty }) else { return nil }
        states[shard].attempts += 1
        states[shard].owners.append((node, states[shard].attempts))
        return (shard, states[shard].attempts)
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
    public mutating func release(_ node: NodeID) -> [Int] {
        states.indices.filter { shard in
            let before = states[shard].owners.count
            states[shard].owners.removeAll { $0.node == node }
            return before > 0 && states[shard].owners.isEmpty
        }
    }

    /// The shards a node computes now.
    public func shards(of node: NodeID) -> [Int] {
        states.indices.filter { shard in states[shard].owners.contains { $0.node == node } }
    }
}
