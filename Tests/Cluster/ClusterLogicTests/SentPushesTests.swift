import Messages
import Testing

@testable import ClusterLogic

private let id = ShardAttempt(round: 4, shard: 0, attempt: 1)

@Test func aPushIsSentUntilEveryServerHasIt() {
    var sent = SentPushes()
    sent.add(id, to: 2, at: .now)
    sent.taken(id, by: 1)
    sent.taken(id, by: 1)
    #expect(sent.ids == [id])
    sent.taken(id, by: 0)
    #expect(sent.ids.isEmpty)
}

@Test func aPushThatHasLeftAndThatNobodyAcknowledgesIsLostAfterAMinute() {
    let start = ContinuousClock.now
    var sent = SentPushes()
    sent.add(id, to: 1, at: start)
    sent.expire(waiting: 0, at: start + .seconds(59))
    #expect(sent.ids == [id])
    sent.expire(waiting: 0, at: start + .seconds(60))
    #expect(sent.ids.isEmpty)
}

@Test func onASlowLineAPushIsSentAsLongAsBytesLeave() {
    let start = ContinuousClock.now
    var sent = SentPushes()
    sent.add(id, to: 1, at: start)
    for second in 1...300 { sent.expire(waiting: 1_000_000 - second, at: start + .seconds(second)) }
    #expect(sent.ids == [id])
    // The line is dead.
    for second in 301...360 { sent.expire(waiting: 999_700, at: start + .seconds(second)) }
    #expect(sent.ids.isEmpty)
}

@Test func whatIsToldOfAPeerIsToldOnceAndNotWithoutEnd() {
    var told = FirstTimes<Int>()
    #expect(told.isFirst(1) && !told.isFirst(1) && told.isFirst(2))
    #expect((3...20_000).count(where: { told.isFirst($0) }) == 9_998)
}
