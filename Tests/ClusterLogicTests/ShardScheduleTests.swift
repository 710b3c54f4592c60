import Testing

@testable import ClusterLogic

private let start = ContinuousClock.now
private let a = NodeID(name: "a", incarnation: 1)
private let b = NodeID(name: "b", incarnation: 2)

@Test func shardsAreHandedOutInOrderAndOnce() {
    var schedule = ShardSchedule(round: 0, shards: 3)
    let handedOut = [a, b, a, b].map { schedule.assign(to: $0, at: start) }
    #expect(handedOut.map { $0?.shard } == [0, 1, 2, nil])
    #expect(handedOut.compactMap { $0?.attempt } == [1, 1, 1])
    #expect(schedule.shards(of: a) == [0, 2])
}

@Test func theShardsOfADeadWorkerGoToAnother() {
    var schedule = ShardSchedule(round: 0, shards: 2)
    _ = schedule.assign(to: a, at: start)
    _ = schedule.assign(to: b, at: start)
    let waiting = schedule.release(a)
    #expect(waiting == [0])
    let second = schedule.assign(to: b, at: start)
    #expect(second?.shard == 0)
    #expect(second?.attempt == 2)
    #expect(schedule.repeatedAttempts == 1)
}

@Test func theFirstResultWinsEvenIfItsWorkerWasGivenUp() {
    var schedule = ShardSchedule(round: 0, shards: 1)
    _ = schedule.assign(to: a, at: start)
    _ = schedule.release(a)
    _ = schedule.assign(to: b, at: start)
    let first = schedule.complete(shard: 0, attempt: 1)
    #expect(first)
    #expect(schedule.isComplete)
    let late = schedule.complete(shard: 0, attempt: 2)
    #expect(!late)
}

@Test(arguments: [(5, 1), (-1, 1), (0, 0), (0, 2), (1, 1)])
func aResultThatNobodyAskedForIsRefused(shard: Int, attempt: Int) {
    var schedule = ShardSchedule(round: 0, shards: 2)
    _ = schedule.assign(to: a, at: start)
    let isAccepted = schedule.complete(shard: shard, attempt: attempt)
    #expect(!isAccepted)
    #expect(schedule.remaining == 2)
}

@Test func aFailedAttemptWaitsAgain() {
    var schedule = ShardSchedule(round: 0, shards: 1)
    _ = schedule.assign(to: a, at: start)
    schedule.fail(shard: 0, attempt: 1)
    let second = schedule.assign(to: a, at: start)
    #expect(second?.shard == 0)
    #expect(second?.attempt == 2)
}

@Test func aShardThatIsOutForTooLongWaitsAgainAndItsLateResultCounts() {
    var schedule = ShardSchedule(round: 0, shards: 2)
    _ = schedule.assign(to: a, at: start)
    _ = schedule.assign(to: b, at: start + .seconds(25))
    let early = schedule.giveUp(olderThan: .seconds(30), at: start + .seconds(30))
    #expect(early == [])
    let late = schedule.giveUp(olderThan: .seconds(30), at: start + .seconds(31))
    #expect(late == [0])
    #expect(schedule.next == 0)
    let counts = schedule.complete(shard: 0, attempt: 1)
    #expect(counts)
    #expect(schedule.next == nil)
}
