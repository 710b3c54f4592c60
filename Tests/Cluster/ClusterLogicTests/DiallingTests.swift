import Testing

@testable import ClusterLogic

private let start = ContinuousClock.now

@Test func addressesAreTriedInTheirOrderAndTheLastOneOnUntilTheNextRound() {
    var dialling = Dialling(at: start)
    #expect(dialling.current == nil && !dialling.isOverdue(isReached: false, at: start + .seconds(60)))
    dialling.begin(["a", "b"], at: start)
    #expect(dialling.current == "a")
    #expect(dialling.moveOn(at: start) && dialling.current == "b")
    #expect(!dialling.moveOn(at: start) && dialling.current == "b")
    dialling.begin(["b", "c"], at: start)
    #expect(dialling.current == "b" && dialling.addresses == ["b", "c"])
}

@Test func aRoundBeginsWithTheAddressThatAnsweredLastAsLongAsTheNameHasIt() {
    var dialling = Dialling(at: start)
    dialling.begin(["a", "b"], at: start)
    _ = dialling.moveOn(at: start)
    dialling.succeeded()
    dialling.begin(["a", "b", "c"], at: start)
    #expect(dialling.addresses == ["b", "a", "c"])
    dialling.begin(["a", "c"], at: start)
    #expect(dialling.addresses == ["a", "c"])
}

/// (round, is the host reached, the last second at which it is not overdue)
@Test(arguments: [
    (1, false, 1), (2, false, 2), (3, false, 4), (4, false, 8), (50, false, 8), (1, true, 5), (50, true, 5),
])
func aSilentAddressHasMoreTimeInEachRound(round: Int, isReached: Bool, limit: Int) {
    var dialling = Dialling(at: start)
    for _ in 0..<round { dialling.begin(["a", "b"], at: start) }
    for _ in 0..<2 {
        #expect(!dialling.isOverdue(isReached: isReached, at: start + .seconds(limit)))
        #expect(dialling.isOverdue(isReached: isReached, at: start + .seconds(limit) + .milliseconds(1)))
        _ = dialling.moveOn(at: start)
    }
    dialling.reached(at: start + .seconds(9))
    #expect(!dialling.isOverdue(isReached: true, at: start + .seconds(14)))
}
