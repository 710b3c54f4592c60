import Testing

@testable import ClusterLogic

private let start = ContinuousClock.now
private func node(_ name: String, _ incarnation: UInt64 = 1) -> NodeID { NodeID(name: name, incarnation: incarnation) }

@Test func aSilentMemberIsRemovedWhenItsLeaseRunsOut() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a"), at: start)
    _ = roster.join(node("b"), at: start)
    roster.heard(from: node("a"), at: start + .seconds(4))
    #expect(roster.expire(at: start + .seconds(5)).isEmpty)
    let gone = roster.expire(at: start + .seconds(6))
    #expect(gone.map(\.id) == [node("b")] && gone.map(\.silence) == [.seconds(6)])
    roster.heard(from: node("b"), at: start + .seconds(6))
    #expect(!roster.contains(node("b")))
}

@Test func membersAreNamedInTheOrderOfTheirIDs() {
    var roster = Roster(lease: .seconds(5))
    for name in ["c", "a", "b"] { _ = roster.join(node(name), at: start) }
    #expect(roster.inOrder == [node("a"), node("b"), node("c")])
    #expect(roster.expire(at: start + .seconds(6)).map(\.id) == [node("a"), node("b"), node("c")])
    #expect(roster.count == 0)
}

@Test func whoJoinsOnceMoreIsNotItsOwnFormerSelf() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a", 1), at: start)
    let again = roster.join(node("a", 1), at: start + .seconds(4))
    #expect(again.isEmpty && roster.expire(at: start + .seconds(6)).isEmpty)
    let successor = roster.join(node("a", 2), at: start + .seconds(6))
    #expect(successor == [node("a", 1)] && roster.inOrder == [node("a", 2)])
}

@Test func whoeverLeavesIsNoMember() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a"), at: start)
    roster.leave(node("a"))
    roster.heard(from: node("a"), at: start)
    #expect(!roster.contains(node("a")) && roster.expire(at: start + .seconds(9)).isEmpty)
}

@Test func aNewIncarnationReplacesTheFormerOne() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a", 1), at: start)
    #expect(roster.join(node("a", 2), at: start) == [node("a", 1)])
    #expect(roster.count == 1)
}

@Test func aRivalIsALivingMemberOfTheSameName() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a", 1), at: start)
    #expect(roster.rival(of: node("a", 2), at: start + .seconds(1), within: .seconds(2)) == node("a", 1))
    #expect(roster.rival(of: node("a", 1), at: start + .seconds(1), within: .seconds(2)) == nil)
    #expect(roster.rival(of: node("b", 2), at: start + .seconds(1), within: .seconds(2)) == nil)
    #expect(roster.rival(of: node("a", 2), at: start + .seconds(3), within: .seconds(2)) == nil)
}

@Test(arguments: ["worker-1", "höst ward#3", "", String(repeating: "x", count: 500)])
func aNodeIDSurvivesTheWire(name: String) {
    let id = NodeID(name: name, incarnation: 0xFEED)
    #expect(id.routingID.count <= 255)
    #expect(NodeID(routingID: id.routingID) == id)
}

@Test(arguments: [[], [0, 1, 2, 3, 4], Array("abc".utf8), Array("abc#xyz".utf8), [UInt8](repeating: 0x23, count: 300)])
func aForeignRoutingIDIsNoNode(bytes: [UInt8]) {
    #expect(NodeID(routingID: bytes) == nil)
}

@Test func patienceSpeaksAtFiveAndThirtySecondsAndEveryMinute() {
    var patience = Patience(at: start)
    let said = (0...200).filter { patience.complaint(at: start + .seconds($0)) != nil }
    #expect(said == [5, 30, 60, 120, 180])
    patience.reset(at: start + .seconds(200))
    #expect(patience.complaint(at: start + .seconds(204)) == nil)
    #expect(patience.complaint(at: start + .seconds(205)) == .seconds(5))
}
