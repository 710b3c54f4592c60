import Messages

/// One step at a parameter server: which shards' gradients are there, and what to add now.
public struct Round: Sendable {
    public enum Reception: Hashable, Sendable {
        /// The first of its shard: keep the gradient, and carry out the additions.
        case accept([ReductionTree.Merge])
        /// Its shard is there already; it can be compared with the one that counts.
        case compare
        case ignore(reason: String)
    }

    /// The step; its result is the parameters of version `number` + 1.
    public let number: UInt64
    /// Earlier attempts belong to a former opening of the same step.
    public let firstAttempt: Int
    private var tree: ReductionTree

    public init(number: UInt64, shards: Int, firstAttempt: Int) {
        self.number = number
        self.firstAttempt = firstAttempt
        tree = ReductionTree(shards: shards)
    }

    public var shardCount: Int { tree.shards }

    /// All shards are there: the step's sum is shard 0's.
    public var isComplete: Bool { tree.isComplete }

    /// Is it an attempt at one of the shards, since the step was begun last?
    public func mayCount(_ id: ShardAttempt) -> Bool { complaint(about: id) == nil }

    private func complaint(about id: ShardAttempt) -> String? {
        if id.round != number { return "step \(id.round) is not the open step \(number)" }
        if !(0..<tree.shards).contains(id.shard) { return "shard \(id.shard) is not one of \(tree.shards)" }
        return id.attempt >= firstAttempt ? nil : "the step was begun again since"
    }

    public mutating func receive(_ id: ShardAttempt) -> Reception {
        if let reason = complaint(about: id) { return .ignore(reason: reason) }
        return tree.contains(id.shard) ? .compare : .accept(tree.insert(id.shard))
    }
}
