import Messages
import Testing

@testable import ClusterLogic

private func attempt(_ attempt: Int, ofShard shard: Int, round: UInt64 = 4) -> ShardAttempt {
    ShardAttempt(round: round, shard: shard, attempt: attempt)
}

@Test func theFirstResultOfEachShardIsAdded() {
    var round = Round(number: 4, shards: 2, firstAttempt: 1)
    #expect(round.receive([attempt(2, ofShard: 1)]) == .accept([]))
    #expect(!round.isComplete)
    #expect(round.receive([attempt(1, ofShard: 0)]) == .accept([.init(into: 0, from: 1)]))
    #expect(round.isComplete)
}

@Test func anotherResultOfAShardIsOnlyCompared() {
    var round = Round(number: 4, shards: 2, firstAttempt: 1)
    _ = round.receive([attempt(1, ofShard: 1)])
    #expect(round.receive([attempt(1, ofShard: 1)]) == .compare)
    #expect(round.receive([attempt(3, ofShard: 1)]) == .compare)
    #expect(!round.isComplete)
}

@Test(arguments: [
    (attempt(7, ofShard: 0, round: 3), "step 3 is not the open step 4"),
    (attempt(7, ofShard: 0, round: 5), "step 5 is not the open step 4"),
    (attempt(7, ofShard: 2), "shard 2 is not one of 2"),
    (attempt(7, ofShard: -1), "shard -1 is not one of 2"),
    (attempt(6, ofShard: 0), "the step was begun again since"),
])
func whatIsLateOrForeignIsIgnored(id: ShardAttempt, reason: String) {
    var round = Round(number: 4, shards: 2, firstAttempt: 7)
    #expect(round.receive([id]) == .ignore(reason: reason))
    #expect(round.receive([attempt(7, ofShard: 0)]) == .accept([]))
}

@Test func aSumCountsForAllOfItsShards() {
    var round = Round(number: 4, shards: 5, firstAttempt: 1)
    #expect(round.receive((0..<4).map { attempt(9 - $0, ofShard: $0) }) == .accept([]))
    #expect(round.receive([attempt(1, ofShard: 3)]) == .compare)
    #expect(round.receive([attempt(1, ofShard: 4)]) == .accept([.init(into: 0, from: 4)]))
    #expect(round.isComplete)
}

@Test func aSumTakesThePlaceOfTheSameResultsOnly() {
    let sum = [attempt(3, ofShard: 2), attempt(4, ofShard: 3)]
    var round = Round(number: 4, shards: 4, firstAttempt: 1)
    _ = round.receive([attempt(1, ofShard: 2)])
    #expect(round.receive(sum) { _ in false } == .compare)
    #expect(!round.isComplete)
    #expect(round.receive(sum) { $0 == sum[0] } == .accept([]))
    #expect(round.receive([attempt(6, ofShard: 0), attempt(7, ofShard: 1)]) == .accept([.init(into: 0, from: 2)]))
    #expect(round.isComplete)
}

@Test(arguments: [[1, 2], [0, 2], [0, 1, 2], [1, 0], [2, 3, 4, 5], []])
func whatIsNoSubtreeIsIgnored(shards: [Int]) {
    var round = Round(number: 4, shards: 6, firstAttempt: 1)
    let ids = shards.map { attempt(1, ofShard: $0) }
    #expect(round.receive(ids) == .ignore(reason: "its shards are no sub-tree"))
    #expect(round.receive([attempt(1, ofShard: 0)]) == .accept([]))
}

@Test func oneLateShardSpoilsASum() {
    var round = Round(number: 4, shards: 2, firstAttempt: 5)
    let ids = [attempt(5, ofShard: 0), attempt(4, ofShard: 1)]
    #expect(round.receive(ids) == .ignore(reason: "the step was begun again since"))
}
