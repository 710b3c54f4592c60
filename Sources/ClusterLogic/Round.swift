/// One step at a parameter server: which shards' gradients are there, and what to add now.
public struct Round: Sendable {
    public enum Reception: Hashable, Sendable {
        /// Keep the gradient, and carry out the additions; when `isComplete`, the step's sum is shard 0's.
        case accept([ReductionTree.Merge], isComplete: Bool)
        case ignore(reason: String)
    }

    /// The step; its result is the parameters of version `number` + 1.
    public let number: UInt64
    private var tree: ReductionTree

    public init(number: UInt64, shards: Int) {
        self.number = number
        tree = ReductionTree(shards: shards)
    }

    public mutating func receive(round: UInt64, shard: Int) -> Reception {
        guard round == number else { return .ignore(reason: "step \(round) is not the open step \(number)") }
        guard (0..<tree.shards).contains(shard) else {
            return .ignore(reason: "shard \(shard) is not one of \(tree.shards)")
        }
        guard !tree.contains(shard) else { return .ignore(reason: "shard \(shard) is there already") }
        let merges = tree.insert(shard)
        return .accept(merges, isComplete: tree.isComplete)
    }
}
