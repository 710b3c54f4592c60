/// The fixed balanced binary tree in which the shards of a step are added.
///
/// At each level neighbours 2i and 2i + 1 are added; a last one without a neighbour moves up unchanged. The tree
/// depends on the number of shards alone, so the sum has the same bits in whatever order they arrive.
public struct ReductionTree: Sendable {
    /// Add the sum at `from` to the sum at `into`; the sum at `from` is then no longer needed.
    public struct Merge: Hashable, Sendable {
        public let into: Int
        public let from: Int
    }

    public let shards: Int
    /// The sums that are complete and wait for their neighbour: first shard to number of shards it spans at its level.
    private var waiting: [Int: Int] = [:]
    private var received: Set<Int> = []

    public init(shards: Int) {
        precondition(shards > 0, "a step of \(shards) shards")
        self.shards = shards
    }

    /// All shards are there; the step's sum is where shard 0 was.
    public var isComplete: Bool { received.count == shards }

    public func contains(_ shard: Int) -> Bool { received.contains(shard) }

    /// Takes a shard's sum and says which sums to add now, in order. A shard that is there already changes nothing.
    public mutating func insert(_ shard: Int) -> [Merge] {
        received.contains(shard) ? [] : insert(Subtree(shard..<shard + 1)!)
    }

    /// Takes the sum of all shards of a sub-tree, in the place of what is there of them, unless all of them are.
    public mutating func insert(_ subtree: Subtree) -> [Merge] {
        precondition(subtree.shards.upperBound <= shards, "shards \(subtree.shards) of \(shards)")
        guard !received.isSuperset(of: subtree.shards) else { return [] }
        received.formUnion(subtree.shards)
        for shard in subtree.shards { waiting[shard] = nil }
        var merges: [Merge] = []
        var (first, span) = (subtree.first, subtree.span)
        while span < shards {
            let isLeft = first / span % 2 == 0
            let neighbour = isLeft ? first + span : first - span
            if neighbour < shards {
                guard waiting[neighbour] == span else { break }
                waiting[neighbour] = nil
                merges.append(Merge(into: min(first, neighbour), from: max(first, neighbour)))
                first = min(first, neighbour)
            }
            span *= 2
        }
        waiting[first] = span
        return merges
    }
}
