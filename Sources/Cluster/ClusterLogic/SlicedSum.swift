/// How the sums of blocks that lie on several servers are added in one tree, whatever the servers.
///
/// Each server adds what is complete within its own blocks; whoever asked adds the rest. Together these are the
/// additions of one `ReductionTree` over all blocks.
public struct SlicedSum: Hashable, Sendable {
    /// What a server adds, and where its sums stand afterwards. Blocks are counted over all servers.
    public struct Slice: Hashable, Sendable {
        public let blocks: Range<Int>
        public let merges: [ReductionTree.Merge]
        public let sums: [Int]

        /// Of so many blocks over all servers.
        public init(_ blocks: Range<Int>, of count: Int) {
            self.blocks = blocks
            var tree = ReductionTree(shards: count)
            merges = blocks.flatMap { tree.insert($0) }
            let merged = Set(merges.map(\.from))
            sums = blocks.filter { !merged.contains($0) }
        }
    }

    public let slices: [Slice]
    /// The additions that are left; the total stands at block 0.
    public let merges: [ReductionTree.Merge]

    /// `slices` are consecutive ranges of `count` blocks, or empty.
    public init(_ slices: [Range<Int>], of count: Int) {
        self.slices = slices.map { Slice($0, of: count) }
        let done = Set(self.slices.flatMap(\.merges))
        var tree = ReductionTree(shards: count)
        merges = (0..<count).flatMap { tree.insert($0) }.filter { !done.contains($0) }
    }
}
