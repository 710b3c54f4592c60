import Testing

@testable import ClusterLogic

/// Two servers that hold parameters of step 4.
private func placed() -> Steps {
    var steps = Steps()
    steps.place(on: 2, version: 4)
    for server in 0..<2 { steps.updated(server, to: 4) }
    return steps
}

@Test func aServerWithoutItsPartIsToldOfItsPlaceAlone() {
    var steps = Steps()
    steps.place(on: 2, version: 4)
    #expect(!steps.isPlaced && steps.version == 4)
    steps.updated(1, to: 4)
    #expect(!steps.isPlaced)
    _ = steps.open(4, shards: 3)
    #expect(steps.orders(for: 0) == [.place])
    #expect(steps.orders(for: 1) == [.open(4, shards: 3, firstAttempt: 1)])
    steps.updated(0, to: 4)
    #expect(steps.isPlaced)
}

@Test func aStepIsTakenWhenItIsClosedAndAwaited() {
    var steps = placed()
    #expect(steps.open(4, shards: 3) == .open(4, shards: 3, firstAttempt: 1))
    #expect(steps.open(5, shards: 2) == .open(5, shards: 2, firstAttempt: 1))
    steps.close(4)
    #expect(steps.next() == nil)
    steps.await(4)
    #expect(steps.next() == .order(.apply(4, firstAttempt: 1)))
    #expect(steps.next() == nil && steps.isApplying && steps.version == 4)
    steps.updated(0, to: 5)
    #expect(steps.next() == nil)
    steps.updated(1, to: 5)
    #expect(steps.next() == .done(4))
    #expect(steps.next() == nil && !steps.isApplying && steps.version == 5)
}

@Test func aStepThatWasClosedAheadWaitsForTheTraining() {
    var steps = placed()
    _ = steps.open(4, shards: 1)
    steps.close(4)
    steps.await(4)
    steps.await(nil)
    #expect(steps.next() == nil)
    steps.await(4)
    #expect(steps.next() == .order(.apply(4, firstAttempt: 1)))
}

@Test func whatAServerShouldKnowIsSaidAgain() {
    var steps = placed()
    _ = steps.open(4, shards: 3)
    _ = steps.open(5, shards: 2)
    #expect(steps.restart(4, firstAttempt: 8) == .open(4, shards: 3, firstAttempt: 8))
    steps.close(4)
    steps.await(4)
    _ = steps.next()
    #expect(
        steps.orders(for: 1) == [
            .open(4, shards: 3, firstAttempt: 8), .open(5, shards: 2, firstAttempt: 1), .apply(4, firstAttempt: 8),
        ])
    for server in 0..<2 { steps.updated(server, to: 5) }
    _ = steps.next()
    #expect(steps.orders(for: 1) == [.open(5, shards: 2, firstAttempt: 1)])
}

@Test func aStepThatBeginsAnewIsNotTakenForWhatWasThereBefore() {
    var steps = placed()
    _ = steps.open(4, shards: 3)
    steps.close(4)
    _ = steps.restart(4, firstAttempt: 8)
    steps.await(4)
    #expect(steps.next() == nil)
}

/// (what a server says, while step 4 is being taken)
@Test(arguments: [0, 3, 4, 6, .max] as [UInt64]) func aServersWordThatCannotBeChangesNothing(version: UInt64) {
    var steps = placed()
    _ = steps.open(4, shards: 1)
    steps.close(4)
    steps.await(4)
    _ = steps.next()
    steps.updated(0, to: 5)
    steps.updated(0, to: version)
    steps.updated(7, to: 5)
    steps.updated(1, to: version)
    #expect(steps.next() == nil)
    steps.updated(1, to: 5)
    #expect(steps.next() == .done(4))
}

@Test func aPlacementForgetsWhatWasOpen() {
    var steps = placed()
    _ = steps.open(4, shards: 3)
    steps.close(4)
    steps.await(4)
    steps.place(on: 1, version: 2)
    steps.updated(0, to: 2)
    #expect(steps.next() == nil && steps.orders(for: 0).isEmpty && steps.version == 2)
}
