import Testing

@testable import ClusterLogic

private let a = NodeID(name: "a", incarnation: 1)
private let b = NodeID(name: "b", incarnation: 2)

@Test func shardsAreHandedOutInOrderAndOnce() {
    var schedule = ShardSchedule(round: 0, shards: 3)
    #expect(schedule.assign(to: a)! == (0, 1))
    #expect(schedule.assign(to: b)! == (1, 1))
    #expect(schedule.assign(to: a)! == (2, 1))
    #expect(schedule.assign(to: b) == nil)
    #expect(schedule.shards(of: a) == [0, 2])
}

@Test func theShardsOfADeadWorkerGoToAnother() {
    var schedule = ShardSchedule(round: 0, shards: 2)
    _ = schedule.assign(to: a)
    _ = schedule.assign(to: b)
    #expect(schedule.release(a) == [0])
    #expect(schedule.assign(to: b)! == (0, 2))
    #expect(schedule.repeatedAttempts == 1)
}

@Test func theFirstResultWinsEvenIfItsWorkerWasGivenUp() {
    var schedule = ShardSchedule(round: 0, shards: 1)
    _ = schedule.assign(to: a)
    _ = schedule.release(a)
    _ = schedule.assign(to: b)
    #expect(schedule.complete(shard: 0, attempt: 1))
    #expect(schedule.isComplete)
    #expect(!schedule.complete(shard: 0, attempt: 2))
}

@Test(arguments: [(5, 1), (-1, 1), (0, 0), (0, 2)])
func aResultThatNobodyAskedForIsRefused(shard: Int, attempt: Int) {
    var schedule = ShardSchedule(round: 0, shards: 2)
    _ = schedule.assign(to: a)
    #expect(!schedule.complete(shard: shard, attempt: attempt))
    #expect(schedule.remaining == 2)
}

@Test func aFailedAttemptWaitsAgain() {
    var schedule = ShardSchedule(round: 0, shards: 1)
    let first = schedule.assign(to: a)!
    schedule.fail(shard: first.shard, attempt: first.attempt)
    #expect(schedule.assign(to: a)! == (0, 2))
}
