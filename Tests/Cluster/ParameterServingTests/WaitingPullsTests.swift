import ClusterLogic
import Testing

@testable import ParameterServing

private let ann = NodeID(name: "ann", incarnation: 1)
private let bob = NodeID(name: "bob", incarnation: 2)

private func pull(version: UInt64, run: UInt64 = 7, _ range: Range<Int> = 0..<4) -> WaitingPulls.Pull {
    .init(run: run, version: version, range: range)
}

@Test func aPullWaitsUntilItsVersionIsThereAndIsAnsweredOnce() {
    var waiting = WaitingPulls()
    waiting.add(pull(version: 2), of: ann)
    waiting.add(pull(version: 2), of: ann)  // Asked again.
    waiting.add(pull(version: 3, 4..<8), of: ann)
    waiting.add(pull(version: 1), of: bob)
    #expect(waiting.peers == [ann, bob])
    #expect(waiting.takeDue(of: ann, run: 7, version: 1).isEmpty)
    #expect(waiting.takeDue(of: ann, run: 7, version: 2) == [pull(version: 2)])
    // Who asks for an older version gets the newest.
    #expect(waiting.takeDue(of: bob, run: 7, version: 2) == [pull(version: 1)])
    #expect(waiting.peers == [ann])
    #expect(waiting.takeDue(of: ann, run: 7, version: 3) == [pull(version: 3, 4..<8)])
    #expect(waiting.peers.isEmpty)
}

@Test func whoWasQuickerThanTheCoordinatorWaitsForItsRun() {
    var waiting = WaitingPulls()
    waiting.add(pull(version: 0, run: 7), of: ann)
    waiting.add(pull(version: 0, run: 8), of: ann)
    waiting.add(pull(version: 0, run: 7), of: bob)
    // The present run's answers are not those that it waits for.
    #expect(waiting.takeDue(of: ann, run: 6, version: 9).isEmpty)
    waiting.forget(otherThan: 8)
    #expect(waiting.peers == [ann])
    #expect(waiting.takeDue(of: ann, run: 8, version: 0) == [pull(version: 0, run: 8)])
}

@Test func ofAPeerThatAsksForMoreThanItCanWantAThousandPullsAreKept() {
    var waiting = WaitingPulls()
    for version in 0..<2000 { waiting.add(pull(version: UInt64(version)), of: ann) }
    #expect(waiting.takeDue(of: ann, run: 7, version: 5000).count == 1000)
}
