import Messages

/// One step at a parameter server: which shards' gradients are there, and what to add now.
public struct Round: Sendable {
    public enum Reception: Hashable, Sendable {
        /// Keep the gradient, and carry out the additions.
        case accept([ReductionTree.Merge])
        /// The gradient is not needed: its shards are there, all or some. What was said of those can be compared.
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

    /// Takes a gradient: a shard's, or the sum of those of a sub-tree, with the attempts at its shards in order. A sum
    /// takes the place of what is there of its shards, where their worker says that those results are the same.
    public mutating func receive(_ ids: [ShardAttempt], isSame: (ShardAttempt) -> Bool = { _ in false }) -> Reception {
        if let reason = ids.lazy.compactMap(complaint).first { return .ignore(reason: reason) }
        guard let first = ids.first, let subtree = Subtree(first.shard..<first.shard + ids.count),
            ids.map(\.shard) == Array(subtree.shards)
        else { return .ignore(reason: "its shards are no sub-tree") }
        let known = ids.filter { tree.contains($0.shard) }
        guard known.count < ids.count, known.allSatisfy(isSame) else { return .compare }
        return .accept(tree.insert(subtree))
    }
}
