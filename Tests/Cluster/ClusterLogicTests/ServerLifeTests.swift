import Messages
import Testing

@testable import ClusterLogic

private func attempt(_ attempt: Int, ofShard shard: Int, round: UInt64 = 4) -> ShardAttempt {
    ShardAttempt(round: round, shard: shard, attempt: attempt)
}

private func push(_ number: Int, ofShard shard: Int, digest: UInt64 = 9) -> ServerLife.Push {
    ServerLife.Push(attempt(number, ofShard: shard), digest: digest)
}

/// A server that holds parameters of step 4, and collects that step's two shards.
private func serving() -> ServerLife {
    var life = ServerLife(mostShards: 3)
    _ = life.place(run: 7, version: 4)
    life.begin()
    _ = life.open(4, shards: 2, firstAttempt: 1)
    return life
}

@Test func aPlacementIsFetchedAskedForAgainAndTold() {
    var life = ServerLife(mostShards: 3)
    #expect(life.place(run: 7, version: 4) == .fetch)
    #expect(life.place(run: 7, version: 4) == .askAgain)
    life.begin()
    #expect(life.place(run: 7, version: 4) == .tell)
    #expect((life.run, life.version, life.stage) == (7, 4, .serving))
    #expect(life.place(run: 8, version: 2) == .fetch)
    #expect((life.run, life.version, life.stage) == (8, 2, .fetching))
}

@Test func aPlacementForgetsWhatTheFormerOneCollected() {
    var life = serving()
    _ = life.receive([push(1, ofShard: 0)])
    _ = life.place(run: 8, version: 4)
    #expect(!life.expects(attempt(1, ofShard: 1)))
    life.begin()
    #expect(life.counting(shard: 0) == nil)
    #expect(life.receive([push(1, ofShard: 0)]) == .ignore(reason: "no step is collected"))
}

@Test func nothingIsCollectedBeforeThePartIsThere() {
    var life = ServerLife(mostShards: 3)
    _ = life.place(run: 7, version: 4)
    #expect(life.open(4, shards: 2, firstAttempt: 1) == [])
    #expect(life.apply(4, firstAttempt: 1) == .ignore)
    life.begin()
    #expect(!life.expects(attempt(1, ofShard: 0)))
}

/// (step, shards, first attempt)
@Test(
    arguments: [(4, 0, 1), (4, -1, 1), (4, 4, 1), (4, .max, 1), (4, 2, 0), (6, 2, 1), (.max, 2, 1)]
        as [(UInt64, Int, Int)])
func aStepThatCannotBeIsRefused(step: UInt64, shards: Int, firstAttempt: Int) {
    var life = serving()
    #expect(life.open(step, shards: shards, firstAttempt: firstAttempt) == nil)
    #expect(life.expects(attempt(1, ofShard: 1)))
}

@Test func anOrderThatComesTwiceOrLateForgetsNothing() {
    var life = serving()
    _ = life.receive([push(3, ofShard: 0)])
    #expect(life.open(4, shards: 2, firstAttempt: 1) == [])
    #expect(life.open(3, shards: 2, firstAttempt: 1) == [])
    #expect(life.counting(shard: 0) == push(3, ofShard: 0))
    #expect(life.open(4, shards: 2, firstAttempt: 5) == [attempt(3, ofShard: 0)])
    // The order before it, which was overtaken.
    #expect(life.open(4, shards: 2, firstAttempt: 1) == [])
    #expect(!life.expects(attempt(4, ofShard: 1)) && life.expects(attempt(5, ofShard: 1)))
}

@Test func aStepIsTakenOnceWhenAllOfItIsThere() {
    var life = serving()
    _ = life.receive([push(1, ofShard: 0)])
    #expect(life.apply(4, firstAttempt: 1) == .missed)
    _ = life.receive([push(2, ofShard: 1)])
    #expect(life.apply(4, firstAttempt: 1, isLent: true) == .wait)
    #expect(life.apply(4, firstAttempt: 2) == .missed)
    #expect(life.apply(5, firstAttempt: 1) == .ignore)
    #expect(life.apply(4, firstAttempt: 1) == .take)
    life.take()
    #expect(life.version == 5 && life.counting(shard: 0) == nil)
    #expect(life.apply(4, firstAttempt: 1) == .tell)
}

@Test func theNextStepIsCollectedOnlyWhenItsTurnHasCome() {
    var life = serving()
    #expect(life.open(5, shards: 1, firstAttempt: 1) == [])
    #expect(life.expects(attempt(1, ofShard: 0, round: 5)))
    let next = ServerLife.Push(attempt(1, ofShard: 0, round: 5), digest: 1)
    #expect(life.receive([next]) == .ignore(reason: "step 5 is not the open step 4"))
    _ = life.receive([push(1, ofShard: 0)])
    _ = life.receive([push(2, ofShard: 1)])
    life.take()
    #expect(life.receive([next]) == .accept([]))
    #expect(life.apply(5, firstAttempt: 1) == .take)
}

@Test func theResultThatCountsIsToldBeforeEachThatIsComparedWithIt() {
    var life = serving()
    let (first, second) = (push(1, ofShard: 0, digest: 5), push(2, ofShard: 0, digest: 6))
    var reception = life.receive([first])
    #expect(life.reports(on: [first], reception) == [.arrived(first.id, digest: 5)])
    reception = life.receive([second])
    #expect(
        life.reports(on: [second], reception) == [
            .arrived(first.id, digest: 5), .arrived(second.id, digest: 6),
        ])
    #expect(life.counting(shard: 0) == first)
}

@Test func aSumThatTakesThePlaceOfTheSameResultLeavesTheFirstToCount() {
    var life = serving()
    _ = life.receive([push(1, ofShard: 0, digest: 5)])
    let sum = [push(2, ofShard: 0, digest: 5), push(3, ofShard: 1, digest: 7)]
    let reception = life.receive(sum)
    #expect(reception == .accept([]))
    #expect(life.counting(shard: 0) == push(1, ofShard: 0, digest: 5))
    #expect(life.counting(shard: 1) == sum[1])
    #expect(
        life.reports(on: sum, reception) == [
            .arrived(attempt(1, ofShard: 0), digest: 5), .arrived(attempt(2, ofShard: 0), digest: 5),
            .arrived(attempt(3, ofShard: 1), digest: 7),
        ])
}

@Test func ofASumThatDoesNotCountTheShardsThatNobodyHasAreRejected() {
    var life = serving()
    _ = life.receive([push(1, ofShard: 0, digest: 5)])
    let sum = [push(2, ofShard: 0, digest: 6), push(3, ofShard: 1, digest: 7)]
    let reception = life.receive(sum)
    #expect(reception == .compare)
    #expect(
        life.reports(on: sum, reception) == [
            .arrived(attempt(1, ofShard: 0), digest: 5), .arrived(attempt(2, ofShard: 0), digest: 6),
            .rejected(attempt(3, ofShard: 1), reason: "another result of a shard of its sum counts"),
        ])
}

@Test(arguments: [ServerFailure.lost, .overflow(step: 3), .divergence(step: 4)])
func aServersFailureSurvivesTheWire(failure: ServerFailure) {
    #expect(ServerFailure(failure.id) == failure)
    // No attempt at a shard has this number.
    #expect(failure.id.attempt == 0)
}
