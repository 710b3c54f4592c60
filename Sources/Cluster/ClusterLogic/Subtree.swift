/// A complete sub-tree of a step's additions: a power of two of shards, from a multiple of that power on.
///
/// Whoever has the gradients of all of its shards may send their sum, added in the order of the tree, in their place.
public struct Subtree: Hashable, Sendable {
    public let first: Int
    public let span: Int

    public var shards: Range<Int> { first..<first + span }

    /// nil if these shards are no sub-tree.
    public init?(_ shards: Range<Int>) {
        let span = shards.count
        guard span > 0, span & (span - 1) == 0, shards.lowerBound >= 0, shards.lowerBound % span == 0 else {
            return nil
        }
        self.init(first: shards.lowerBound, span: span)
    }

    /// The largest with a shard, all of whose shards are among these or that shard.
    public init(with shard: Int, among shards: Set<Int>) {
        var subtree = Subtree(first: shard, span: 1)
        while shards.isSuperset(of: subtree.neighbour.shards) { subtree = subtree.parent }
        self = subtree
    }

    public var isLeft: Bool { first / span % 2 == 0 }
    /// What it is added to, or what is added to it.
    public var neighbour: Subtree { Subtree(first: isLeft ? first + span : first - span, span: span) }
    public var parent: Subtree { Subtree(first: isLeft ? first : first - span, span: 2 * span) }

    private init(first: Int, span: Int) { (self.first, self.span) = (first, span) }
}
