import ClusterLogic
import Testing

@Test func slicesOfBlocksAddUpToTheSameBitsAsOneTree() {
    var dice = Dice(seed: 5)
    for count in [1, 2, 3, 5, 8, 13, 16, 100, 257] {
        let values = (0..<count).map { _ in Float(dice.number(0...1 << 20)) / 977 }
        var whole = values
        var tree = ReductionTree(shards: count)
        for merge in (0..<count).flatMap({ tree.insert($0) }) { whole[merge.into] += whole[merge.from] }
        for servers in 1...4 {
            let cuts = [0] + (1..<servers).map { _ in dice.number(0...count) }.sorted() + [count]
            let plan = SlicedSum(zip(cuts, cuts.dropFirst()).map { $0..<$1 }, of: count)
            var answers: [Int: Float] = [:]
            for slice in plan.slices {
                var sums = values
                for merge in slice.merges { sums[merge.into] += sums[merge.from] }
                for sum in slice.sums { answers[sum] = sums[sum] }
                #expect(slice.sums.count <= 2 * (Int.bitWidth - count.leadingZeroBitCount))
            }
            for merge in plan.merges { answers[merge.into]! += answers[merge.from]! }
            #expect(answers[0] == whole[0])
        }
    }
}
