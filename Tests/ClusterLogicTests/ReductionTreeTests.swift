import Testing

@testable import ClusterLogic

/// The sum that the tree must give, written as it is defined: neighbours level by level.
private func treeSum(_ values: [Float]) -> Float {
    var level = values
    while level.count > 1 {
        level = stride(from: 0, to: level.count, by: 2).map { i in
            i + 1 < level.count ? level[i] + level[i + 1] : level[i]
        }
    }
    return level[0]
}

private func sum(_ values: [Float], arriving order: [Int]) -> Float {
    var tree = ReductionTree(shards: values.count)
    var sums = values
    for (index, shard) in order.enumerated() {
        for merge in tree.insert(shard) { sums[merge.into] += sums[merge.from] }
        #expect(tree.isComplete == (index == order.count - 1))
    }
    return sums[0]
}

@Test(arguments: 1...17) func theSumHasTheSameBitsInWhateverOrderShardsArrive(shards: Int) {
    var generator = SystemRandomNumberGenerator()
    let values = (0..<shards).map { Float($0) * 0.1 + 1e-3 / Float($0 + 1) }
    let expected = treeSum(values)
    for _ in 0..<50 {
        #expect(sum(values, arriving: Array(0..<shards).shuffled(using: &generator)) == expected)
    }
}

@Test func everyOrderOfFourShardsIsTried() {
    let values: [Float] = [1e8, 1, -1e8, 3]
    for a in 0..<4 {
        for b in 0..<4 where b != a {
            for c in 0..<4 where c != a && c != b {
                #expect(sum(values, arriving: [a, b, c, 6 - a - b - c]) == treeSum(values))
            }
        }
    }
}

@Test func aShardThatIsThereChangesNothing() {
    var tree = ReductionTree(shards: 2)
    #expect(tree.insert(1).isEmpty)
    #expect(tree.insert(1).isEmpty)
    #expect(tree.insert(0) == [.init(into: 0, from: 1)])
    #expect(tree.insert(0).isEmpty)
}
