import Testing

@testable import Datasets

@Suite struct DisjointSetsTests {
    @Test func whatIsJoinedByWayOfOthersIsInOneSet() {
        var sets = DisjointSets<Int>()
        for (first, second) in [(5, 9), (7, 3), (9, 7), (4, 4), (2, 6)] { sets.join(first, second) }
        #expect((1...9).map { sets.least(of: $0) } == [1, 2, 3, 4, 3, 2, 3, 8, 3])
    }

    @Test func longChainsStayQuick() {
        var sets = DisjointSets<Int>()
        for number in (1..<200_000).reversed() { sets.join(number, number - 1) }
        #expect((0..<200_000).allSatisfy { sets.least(of: $0) == 0 })
    }
}
