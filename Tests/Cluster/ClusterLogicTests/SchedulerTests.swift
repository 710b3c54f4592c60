import Messages
import Testing

@testable import ClusterLogic

// MARK: Handing out

@Test func shardsGoToTheFreest() {
    var world = Scenario("a")
    world.join("b", lanes: 3)
    #expect(world.open(shards: 4) == ["b gets 0.0", "b gets 0.1", "a gets 0.2", "b gets 0.3"])
}

@Test func shardsThatCanBeAddedGoToOneWorker() {
    var world = Scenario()
    world.join("a", lanes: 3)
    world.join("b", lanes: 4)
    #expect(
        world.open(shards: 8) == [
            "b gets 0.0", "b gets 0.1", "b gets 0.2", "b gets 0.3", "a gets 0.4", "a gets 0.5", "a gets 0.6",
            "a gets 0.7",
        ])
}

@Test func aShardIsHandedOutOnceItsImagesAreThere() {
    var world = Scenario("a")
    world.scheduler.open(round: 0, shards: 2, parts: 1, audited: [], at: world.now)
    #expect(world.scheduler.takeCommands().isEmpty)
    for _ in 0..<2 { world.scheduler.ready(round: 0, shard: 1, at: world.now) }
    let first = ShardAttempt(round: 0, shard: 1, attempt: 1)
    #expect(world.scheduler.takeCommands() == [.assign(first, .result, to: Scenario.node("a"))])
}

@Test func shardsWaitForTheFirstWorker() {
    var world = Scenario()
    #expect(world.open(shards: 2) == [])
    #expect(world.join("a", lanes: 2) == ["a gets 0.0", "a gets 0.1"])
}

@Test func aWorkerThatJoinsTwiceKeepsWhatItHas() {
    var world = Scenario("a")
    world.open(shards: 1)
    #expect(world.join("a") == [])
    #expect(world.result(of: "a", "0.0") == ["close 0"])
}

@Test func eachLaneHoldsOneShardAhead() {
    var world = Scenario("a")
    #expect(world.open(shards: 3) == ["a gets 0.0", "a gets 0.1"])
    #expect(world.result(of: "a", "0.0") == ["a gets 0.2"])
    #expect(world.open(1, shards: 2) == [])
    #expect(world.result(of: "a", "0.1") == ["a gets 1.0"])
}

@Test func theNextRoundIsHeldAheadToo() {
    var world = Scenario("a", "b")
    #expect(world.open(shards: 1) == ["a gets 0.0"])
    #expect(world.open(1, shards: 3) == ["b gets 1.0", "a gets 1.1"])
    #expect(world.result(of: "a", "0.0") == ["close 0"])
    #expect(world.advance() == ["a gets 1.2"])
}

@Test func theRunningRoundGoesBeforeTheNext() {
    var world = Scenario("a", "b")
    world.open(shards: 2)
    world.open(1, shards: 2)
    #expect(world.lose("b") == [])
    #expect(world.result(of: "a", "0.0") == ["a gets 0.1"])
}

@Test func aFreeLaneTakesWhatWaitsBehindABusyOne() {
    var world = Scenario("a", "b")
    #expect(world.open(shards: 3) == ["a gets 0.0", "b gets 0.1", "a gets 0.2"])
    #expect(world.result(of: "b", "0.1") == ["a drops 0.2", "b gets 0.2"])
}

@Test func whoeverJoinsTakesWhatWaitsBehindABusyLane() {
    var world = Scenario("a")
    world.open(shards: 2)
    #expect(world.join("b") == ["a drops 0.1", "b gets 0.1"])
}

// MARK: Workers that go

@Test func theShardsOfADeadWorkerGoToAnother() {
    var world = Scenario("a", "b")
    world.open(shards: 2)
    #expect(world.lose("a") == ["b gets 0.0"])
    world.result(of: "b", "0.1")
    #expect(world.result(of: "b", "0.0") == ["close 0"])
}

@Test func whatADeadWorkerOwedOfTheRunningRoundIsNamed() {
    var world = Scenario()
    world.join("a", lanes: 3)
    world.open(shards: 3)
    world.open(1, shards: 3)
    world.result(of: "a", "0.1")
    #expect(world.scheduler.busy == [Scenario.node("a")])
    #expect(world.scheduler.lose(Scenario.node("a"), at: world.now) == [0, 2])
    #expect(world.scheduler.remaining == 2 && world.scheduler.busy.isEmpty)
}

@Test func aLeavingWorkerReturnsWhatItDoesNotFinish() {
    var world = Scenario()
    world.join("a", lanes: 2)
    world.join("b")
    #expect(world.open(shards: 3) == ["a gets 0.0", "a gets 0.1", "b gets 0.2"])
    #expect(world.retire("a", finishing: ["0.1"]) == ["b gets 0.0"])
    #expect(world.result(of: "a", "0.1") == [])
    world.result(of: "b", "0.2")
    #expect(world.result(of: "b", "0.0") == ["close 0"])
}

@Test func aLeavingWorkerDoesNotWaitForTheNextRound() {
    var world = Scenario("a")
    world.open(shards: 1)
    world.open(1, shards: 1)
    #expect(world.retire("a", finishing: ["0.0", "1.0"]) == ["a drops 1.0"])
    #expect(world.result(of: "a", "0.0") == ["close 0"])
    #expect(world.join("b") == ["b gets 1.0"])
}

// MARK: Late shards

/// b has done its shard in a second, a is still at it.
private func aIsLate(audited: Set<Int> = []) -> Scenario {
    var world = Scenario("a", "b")
    world.open(shards: 2, audited: audited)
    world.time = .seconds(1)
    world.result(of: "b", "0.1")
    return world
}

@Test func aShardIsComputedAgainAfterTwiceTheMedian() {
    var world = aIsLate()
    #expect(world.scheduler.nextDeadline() == world.start + .seconds(2))
    #expect(world.tick(at: .milliseconds(1999)) == [])
    #expect(world.tick(at: .seconds(2)) == ["b gets 0.0"])
    #expect(world.scheduler.statistics["a"]?.late == 1)
    #expect(world.tick(at: .seconds(3)) == [])
}

@Test func beforeThereIsAMedianAShardHasAMinute() {
    var world = Scenario("a", "b")
    world.open(shards: 1)
    #expect(world.tick(at: .seconds(59)) == [])
    #expect(world.tick(at: .seconds(60)) == ["b gets 0.0"])
}

@Test func aShardIsNotComputedTwiceByOneWorker() {
    var world = Scenario()
    world.join("a", lanes: 2)
    world.open(shards: 2)
    world.time = .seconds(1)
    world.result(of: "a", "0.1")
    #expect(world.tick(at: .seconds(9)) == [])
    #expect(world.scheduler.nextDeadline() == nil)
}

@Test func whatIsOnItsWayForTooLongIsComputedAgainEvenByTheSame() {
    var world = Scenario("a")
    world.open(shards: 1)
    world.heartbeat(of: "a", sent: ["0.0"])
    #expect(world.tick(at: .seconds(60)) == ["a gets 0.0"])
}

@Test func aSettledShardIsNotComputedAgain() {
    var world = aIsLate()
    let slow = world.attempt(of: "a", "0.0")
    world.tick(at: .seconds(2))
    world.time = .seconds(3)
    #expect(world.result(of: "b", "0.0") == ["close 0"])
    #expect(world.tick(at: .seconds(60)) == [])
    #expect(world.scheduler.nextDeadline() == nil)
    // It comes all the same, and changes nothing.
    #expect(world.result(slow) == [])
    #expect(world.scheduler.remaining == 0)
}

@Test func theFirstResultWins() {
    var world = aIsLate()
    let slow = world.attempt(of: "a", "0.0")
    world.join("c", processor: "q")
    world.tick(at: .seconds(2))
    #expect(world.result(slow) == ["close 0"])
    world.result(of: "b", "0.0", digest: 1)
    world.advance()
    #expect(world.scheduler.shardsByFingerprint == ["p": 2])
}

@Test func aMessageThatComesTwiceIsOneResult() {
    var world = Scenario("a", "b")
    world.open(shards: 2, audited: [0])
    #expect(world.result(of: "a", "0.0") == [])
    #expect(world.result(of: "a", "0.0") == [])
    #expect(world.scheduler.remaining == 2)
    #expect(world.result(of: "b", "0.1") == ["b audits 0.0"])
}

// MARK: Heartbeats

@Test func aVanishedAttemptIsHandedOutAgain() {
    var world = Scenario("a")
    world.open(shards: 1)
    #expect(world.heartbeat(of: "a") == [])
    #expect(world.heartbeat(of: "a") == ["a gets 0.0"])
    #expect(world.result(of: "a", "0.0") == ["close 0"])
}

@Test func heartbeatsThatHaveWaitedTogetherCountAsOne() {
    var world = Scenario("a")
    world.open(shards: 1)
    // They were said before the shard was handed out, while the coordinator was away.
    #expect(world.heartbeat(of: "a") == [])
    for _ in 0..<5 { #expect(world.heartbeat(of: "a", atOnce: true) == []) }
    #expect(world.heartbeat(of: "a", held: ["0.0"]) == [])
    #expect(world.heartbeat(of: "a") == [])
    #expect(world.heartbeat(of: "a") == ["a gets 0.0"])
}

@Test func nothingIsDecidedBetweenAWorkersGoingAndItsComingBack() {
    var world = Scenario("a")
    world.open(shards: 1, audited: [0])
    #expect(world.result(of: "a", "0.0") == ["a audits 0.0"])
    // Without anybody who could audit the shard, the round would be closed.
    #expect(world.rejoin("a") == ["a audits 0.0"])
}

@Test func anAttemptThatIsSeenAgainHasNotVanished() {
    var world = Scenario("a")
    world.open(shards: 1)
    for _ in 0..<3 {
        #expect(world.heartbeat(of: "a") == [])
        #expect(world.heartbeat(of: "a", held: ["0.0"]) == [])
    }
}

@Test func whatIsOnItsWayIsNotHandedOutAgainButFreesItsLane() {
    var world = Scenario("a")
    world.open(shards: 3)
    #expect(world.heartbeat(of: "a", held: ["0.1"], sent: ["0.0"]) == ["a gets 0.2"])
    for _ in 0..<3 { #expect(world.heartbeat(of: "a", held: ["0.1", "0.2"], sent: ["0.0"]) == []) }
    world.result(of: "a", "0.0")
    #expect(world.scheduler.remaining == 2)
}

@Test func whatWasTakenBackTooLateHasALane() {
    var world = Scenario("a", "b")
    world.open(shards: 3)
    // a begins 0.2 before it hears that b has it.
    #expect(world.result(of: "b", "0.1") == ["a drops 0.2", "b gets 0.2"])
    world.result(of: "a", "0.0")
    #expect(world.heartbeat(of: "a", held: ["0.2"]) == ["a drops 0.2"])
    #expect(world.scheduler.members[Scenario.node("a")]?.freeLanes == 0)
    #expect(world.result(of: "a", "0.2") == ["close 0"])
    #expect(world.scheduler.members[Scenario.node("a")]?.freeLanes == 1)
}

@Test func whatWaitsBehindAShardThatWasTakenBackTooLateCanBeTaken() {
    var world = Scenario("a", "b")
    world.scheduler.open(round: 0, shards: 4, parts: 1, audited: [], at: world.now)
    for shard in 0..<3 { world.scheduler.ready(round: 0, shard: shard, at: world.now) }
    world.tick(at: .zero)
    #expect(world.result(of: "b", "0.1") == ["a drops 0.2", "b gets 0.2"])
    world.result(of: "a", "0.0")
    world.scheduler.ready(round: 0, shard: 3, at: world.now)
    #expect(world.tick(at: .zero) == ["a gets 0.3"])
    #expect(world.heartbeat(of: "a", held: ["0.2", "0.3"]) == ["a drops 0.2"])
    #expect(world.result(of: "b", "0.2") == ["a drops 0.3", "b gets 0.3"])
}

@Test func anAttemptOfARoundThatIsOverFreesItsLaneHoweverItEnds() {
    for end in ["result", "failure", "heartbeats"] {
        var world = aIsLate()
        let slow = world.attempt(of: "a", "0.0")
        world.tick(at: .seconds(2))
        world.result(of: "b", "0.0")
        world.advance()
        #expect(world.scheduler.members[Scenario.node("a")]?.freeLanes == 0)
        switch end {
        case "result": world.result(slow)
        case "failure": world.failure(of: "a", "0.0")
        default: for _ in 0..<2 { world.heartbeat(of: "a") }
        }
        #expect(world.scheduler.members[Scenario.node("a")]?.freeLanes == 1, "\(end)")
    }
}

// MARK: Several parameter servers

@Test func aShardNeedsAllItsParts() {
    var world = Scenario("a")
    world.open(shards: 1, parts: 3)
    #expect(world.result(of: "a", "0.0", part: 2) == [])
    #expect(world.result(of: "a", "0.0", part: 0) == [])
    #expect(world.scheduler.remaining == 1)
    #expect(world.result(of: "a", "0.0", part: 1) == ["close 0"])
}

@Test func aDamagedPartIsComputedAgainAndTheOthersStay() {
    var world = Scenario("a")
    world.open(shards: 1, parts: 2)
    // However often it takes: this is no disagreement.
    for _ in 0..<9 {
        world.result(of: "a", "0.0", part: 0)
        #expect(world.failure(of: "a", "0.0") == ["a gets 0.0"])
    }
    #expect(world.result(of: "a", "0.0", part: 1) == ["close 0"])
}

@Test func aPartThatNobodyHasIsIgnored() {
    var world = Scenario("a")
    world.open(shards: 1, parts: 2)
    #expect(world.result(of: "a", "0.0", part: 2) == [])
    #expect(world.result(ShardAttempt(round: 0, shard: 9, attempt: 1)) == [])
    #expect(world.result(ShardAttempt(round: 0, shard: 0, attempt: 9)) == [])
    #expect(world.result(ShardAttempt(round: 7, shard: 0, attempt: 1)) == [])
    #expect(world.scheduler.remaining == 1)
}

// MARK: Rounds

@Test func theNextRoundIsClosedInItsTurn() {
    var world = Scenario("a", "b")
    world.open(shards: 1)
    world.open(1, shards: 1)
    // Scoring needs no step before.
    #expect(world.result(of: "b", "1.0") == [])
    #expect(world.result(of: "a", "0.0") == ["close 0"])
    #expect(world.advance() == ["close 1"])
}

@Test func aRoundThatIsClosingHearsNothingMore() {
    var world = aIsLate()
    let slow = world.attempt(of: "a", "0.0")
    world.tick(at: .seconds(2))
    #expect(world.result(of: "b", "0.0") == ["close 0"])
    #expect(world.result(slow, digest: 2) == [])
    #expect(world.lose("b") == [])
}

@Test func roundsThatAreGivenUpLeaveLanesFree() {
    var world = Scenario("a")
    world.open(shards: 2)
    let old = world.attempt(of: "a", "0.0")
    world.scheduler.abandonRounds()
    #expect(world.scheduler.current == nil && world.scheduler.remaining == 0)
    #expect(world.result(old) == [])
    #expect(world.open(4, shards: 1) == ["a gets 4.0"])
}

// MARK: Audits

@Test func anAuditGoesToAnotherPeer() {
    var world = Scenario("a", "b")
    world.join("c", processor: "q")
    world.open(shards: 1, audited: [0])
    #expect(world.result(of: "a", "0.0", digest: 7) == ["b audits 0.0"])
    #expect(world.audit(of: "b", "0.0", digests: 7) == ["close 0"])
}

@Test func aWorkerWithoutPeersAuditsItself() {
    var world = Scenario("a")
    world.join("c", processor: "q")
    world.open(shards: 1, audited: [0])
    #expect(world.result(of: "a", "0.0", digest: 7) == ["a audits 0.0"])
    #expect(world.audit(of: "a", "0.0", digests: 7) == ["close 0"])
}

@Test func theSameNameIsTheSameMachine() {
    var world = Scenario("a", "b")
    world.open(shards: 2, audited: [0])
    world.result(of: "a", "0.0")
    world.lose("a")
    world.scheduler.join(NodeID(name: "a", incarnation: 2), lanes: 1, fingerprint: "p", at: world.now)
    #expect(world.result(of: "b", "0.1") == ["b audits 0.0"])
}

@Test func anAuditOfSeveralPartsFollowsTheProcessorOfEach() {
    var world = Scenario("a")
    world.join("c", processor: "q")
    world.open(shards: 1, parts: 2, audited: [0])
    world.result(of: "a", "0.0", part: 0, digest: 7)
    #expect(world.failure(of: "a", "0.0") == ["a gets 0.0"])
    // The part that a still owes comes from a worker of another kind.
    #expect(world.tick(at: .seconds(60)) == ["c gets 0.0"])
    world.result(of: "c", "0.0", part: 1, digest: 9)
    #expect(world.result(of: "c", "0.0", part: 0, digest: 8) == [])
    #expect(world.failure(of: "a", "0.0") == ["c audits 0.0"])
    #expect(world.audit(of: "c", "0.0", digests: 8, 9) == ["a audits 0.0"])
    #expect(world.audit(of: "a", "0.0", digests: 7, 6) == ["close 0"])
}

@Test func resultsOfTwoPeersAreAnAudit() {
    var world = aIsLate(audited: [0])
    let slow = world.attempt(of: "a", "0.0")
    world.tick(at: .seconds(2))
    #expect(world.result(of: "b", "0.0") == [])
    #expect(world.result(slow) == ["close 0"])
    #expect(world.scheduler.statistics["b"]?.audits == 0)
}

@Test(arguments: [[], [7], [7, 7, 7]]) func anAuditWithoutADigestForEachPartIsNone(digests: [UInt64]) {
    var world = Scenario("a", "b")
    world.open(shards: 1, parts: 2, audited: [0])
    for part in 0..<2 { world.result(of: "a", "0.0", part: part, digest: 7) }
    let attempt = world.attempt(of: "b", "0.0")
    world.scheduler.audited(attempt, digests: digests, at: world.now)
    #expect(world.scheduler.remaining == 1)
    #expect(world.scheduler.takeCommands().count == 1)
}

@Test func anAuditIsNoResult() {
    var world = Scenario("a")
    world.open(shards: 1)
    // Its gradient is nowhere, so the shard is computed again.
    #expect(world.audit(of: "a", "0.0", digests: 7) == ["a gets 0.0"])
    #expect(world.scheduler.remaining == 1)
}

@Test func auditorsThatVanishDoNotBlockTheRound() {
    var world = Scenario("a", "b")
    world.join("c", processor: "q")
    world.open(shards: 1, audited: [0])
    #expect(world.result(of: "a", "0.0") == ["b audits 0.0"])
    #expect(world.lose("b") == ["a audits 0.0"])
    #expect(world.lose("a") == ["close 0"])
}

@Test func anAuditThatTakesTooLongGoesToAThird() {
    var world = Scenario("a", "b")
    world.open(shards: 1, audited: [0])
    world.time = .seconds(1)
    #expect(world.result(of: "a", "0.0") == ["b audits 0.0"])
    #expect(world.join("c") == [])
    #expect(world.tick(at: .seconds(3)) == ["c audits 0.0"])
}

// MARK: Wrong results

/// Three peers, of which the first two came to different results of shard 0.
private func aAndBDiffer() -> Scenario {
    var world = Scenario("a", "b", "c")
    world.open(shards: 1, audited: [0])
    world.result(of: "a", "0.0", digest: 7)
    #expect(world.audit(of: "b", "0.0", digests: 8) == ["a and b differ on 0.0", "c audits 0.0"])
    return world
}

@Test func aThirdSettlesADisagreementAndTheRoundGoesOn() {
    var world = aAndBDiffer()
    #expect(world.audit(of: "c", "0.0", digests: 7) == ["b was wrong on 0.0, strike 1", "close 0"])
}

@Test func theRoundBeginsAgainIfTheWrongResultCounted() {
    var world = aAndBDiffer()
    #expect(
        world.audit(of: "c", "0.0", digests: 8)
            == ["a was wrong on 0.0, strike 1", "restart 0 from attempt 4", "a gets 0.0"])
    // What it computes from now on is audited.
    #expect(world.result(of: "a", "0.0", digest: 8) == ["b audits 0.0"])
    #expect(world.audit(of: "b", "0.0", digests: 8) == ["close 0"])
}

@Test func lateResultsOfBeforeARestartAreIgnored() {
    var world = aAndBDiffer()
    let old = world.attempt(of: "a", "0.0")
    world.audit(of: "c", "0.0", digests: 8)
    #expect(world.result(old, digest: 7) == [])
    #expect(world.scheduler.remaining == 1)
    #expect(world.scheduler.rounds[0].shards[0].isBlank)
}

@Test func ifAllDifferAgainThoseWhoSaidLeastAreAsked() {
    var world = aAndBDiffer()
    world.join("d")
    #expect(world.audit(of: "c", "0.0", digests: 9) == ["d audits 0.0"])
    #expect(world.audit(of: "d", "0.0", digests: 10) == ["a audits 0.0"])
    #expect(world.audit(of: "a", "0.0", digests: 11) == ["abandon 0.0", "b audits 0.0"])
}

@Test func withoutAnybodyToAskTheRoundBeginsAgain() {
    var world = aAndBDiffer()
    world.join("d", processor: "q")
    world.lose("a")
    #expect(world.lose("b") == [])
    #expect(world.lose("c") == ["restart 0 from attempt 4", "d gets 0.0"])
}

@Test func theOtherShardsOfAConvictedWorkerAreAudited() {
    var world = Scenario("a", "b", "c")
    world.open(shards: 3, audited: [0])
    world.result(of: "b", "0.1")
    world.result(of: "c", "0.2")
    #expect(world.result(of: "a", "0.0", digest: 7) == ["b audits 0.0"])
    #expect(world.audit(of: "b", "0.0", digests: 8) == ["a and b differ on 0.0", "c audits 0.0"])
    #expect(
        world.audit(of: "c", "0.0", digests: 7) == ["b was wrong on 0.0, strike 1", "a audits 0.1"])
    #expect(world.audit(of: "a", "0.1", digests: 1) == ["close 0"])
    world.open(1, shards: 2)
    world.advance()
    #expect(world.result(of: "a", "1.0") == [])
    #expect(world.result(of: "b", "1.1") == ["a audits 1.1"])
}

@Test func aLateResultThatDiffersIsNoticedToo() {
    var world = Scenario("a", "b", "c")
    world.open(shards: 3)
    let slow = world.attempt(of: "a", "0.0")
    world.time = .seconds(1)
    world.result(of: "b", "0.1")
    #expect(world.tick(at: .seconds(2)) == ["b gets 0.0"])
    #expect(world.result(of: "b", "0.0", digest: 8) == ["b gets 0.2"])
    // c knows nothing of it yet, and is asked as soon as it has a lane.
    #expect(world.result(slow, digest: 7) == ["b and a differ on 0.0"])
    #expect(world.result(of: "c", "0.2") == ["c audits 0.0"])
    #expect(world.audit(of: "c", "0.0", digests: 8) == ["a was wrong on 0.0, strike 1", "close 0"])
}

@Test func afterThreeWrongResultsAWorkerIsDismissed() {
    var world = Scenario("a", "b", "c")
    for round in 0..<3 as Range<UInt64> {
        world.open(round, shards: 1, audited: [0])
        world.result(of: "a", "\(round).0", digest: 7)
        world.audit(of: "b", "\(round).0", digests: 8)
        let said = world.audit(of: "c", "\(round).0", digests: 7)
        let conviction = "b was wrong on \(round).0, strike \(round + 1)"
        #expect(said == [conviction] + (round == 2 ? ["dismiss b"] : []) + ["close \(round)"])
        world.advance()
    }
    // It is given nothing more, even before it is gone.
    #expect(!world.open(3, shards: 6).contains { $0.hasPrefix("b") })
}

@Test func resultsOfOtherProcessorsAreNotCompared() {
    var world = Scenario("a", "b")
    world.join("c", processor: "q")
    world.open(shards: 3)
    let slow = world.attempt(of: "a", "0.0")
    world.time = .seconds(1)
    world.result(of: "c", "0.2")
    #expect(world.tick(at: .seconds(2)) == ["c gets 0.0"])
    #expect(world.result(of: "c", "0.0", digest: 8) == ["c gets 0.1"])
    #expect(world.result(slow, digest: 7) == [])
    #expect(world.scheduler.remaining == 1)
}
