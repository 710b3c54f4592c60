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

/// Numbers whose sum depends on the order of the additions.
private func numbers(_ count: Int) -> [Float] {
    (0..<count).map { (index: Int) -> Float in
        let (small, large) = (1e-3 / Float(index + 1), Float(index) * 0.1)
        return large + small
    }
}

@Test(arguments: 1...17) func theSumHasTheSameBitsInWhateverOrderShardsArrive(shards: Int) {
    var generator = Dice(seed: UInt64(shards))
    let values = numbers(shards)
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

@Test(arguments: 1...17) func theSumHasTheSameBitsIfSubtreesAreAddedBefore(shards: Int) {
    var generator = Dice(seed: UInt64(shards))
    let values = numbers(shards)
    for _ in 0..<200 {
        var tree = ReductionTree(shards: shards)
        var sums = [Float](repeating: .nan, count: shards)
        while !tree.isComplete {
            let held = Set((0..<shards).filter { _ in Bool.random(using: &generator) })
            guard let shard = held.randomElement(using: &generator) else { continue }
            let subtree = Subtree(with: shard, among: held)
            #expect(subtree.shards.contains(shard) && held.isSuperset(of: subtree.shards))
            // What is there already is there with the same bits, so that its sum may be replaced.
            let isNew = !subtree.shards.allSatisfy(tree.contains)
            let merges = tree.insert(subtree)
            if isNew { sums[subtree.first] = treeSum(Array(values[subtree.shards])) }
            for merge in merges { sums[merge.into] += sums[merge.from] }
        }
        #expect(sums[0] == treeSum(values))
    }
}

@Test func theLargestSubtreeIsTaken() {
    #expect(Subtree(with: 5, among: [4, 5, 6, 7]).shards == 4..<8)
    #expect(Subtree(with: 5, among: [5, 6, 7, 8]).shards == 5..<6)
    #expect(Subtree(with: 6, among: [5, 7, 8]).shards == 6..<8)
    #expect(Subtree(with: 0, among: Set(0..<6)).shards == 0..<4)
}
