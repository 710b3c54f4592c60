import Testing

@testable import ClusterLogic

private let start = ContinuousClock.now
private func node(_ name: String, _ incarnation: UInt64 = 1) -> NodeID { NodeID(name: name, incarnation: incarnation) }

@Test func aSilentMemberIsRemovedWhenItsLeaseRunsOut() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a"), lanes: 1, at: start)
    _ = roster.join(node("b"), lanes: 1, at: start)
    roster.heard(from: node("a"), at: start + .seconds(4))
    #expect(roster.expire(at: start + .seconds(5)).isEmpty)
    #expect(roster.expire(at: start + .seconds(6)).map(\.id) == [node("b")])
    roster.heard(from: node("b"), at: start + .seconds(6))
    #expect(!roster.contains(node("b")))
}

@Test func aNewIncarnationReplacesTheFormerOne() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a", 1), lanes: 2, at: start)
    #expect(roster.join(node("a", 2), lanes: 2, at: start) == [node("a", 1)])
    #expect(roster.count == 1)
}

@Test func aMemberNeverHasMoreIdleLanesThanLanes() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a"), lanes: 2, at: start)
    roster.laneIsIdle(node("a"), lanes: 1_000_000)
    #expect(roster[node("a")]?.idleLanes == 2)
    for _ in 0..<3 { roster.laneIsBusy(node("a")) }
    #expect(roster[node("a")]?.idleLanes == 0)
}

@Test func aLaneThatIsIdleAtTwoHeartbeatsWasForgotten() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a"), lanes: 2, at: start)
    roster.heartbeat(of: node("a"), idleLanes: 2)
    #expect(roster[node("a")]?.idleLanes == 0)
    roster.heartbeat(of: node("a"), idleLanes: 1)
    #expect(roster[node("a")]?.idleLanes == 1)
    roster.heartbeat(of: node("a"), idleLanes: 0)
    #expect(roster[node("a")]?.idleLanes == 1)
}

@Test func aRivalIsALivingMemberOfTheSameName() {
    var roster = Roster(lease: .seconds(5))
    _ = roster.join(node("a", 1), lanes: 1, at: start)
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

@Test func aRoundIgnoresWhatIsLateForeignOrThereAlready() {
    var round = Round(number: 4, shards: 2)
    #expect(round.receive(round: 3, shard: 0) == .ignore(reason: "step 3 is not the open step 4"))
    #expect(round.receive(round: 4, shard: 2) == .ignore(reason: "shard 2 is not one of 2"))
    #expect(round.receive(round: 4, shard: 1) == .accept([], isComplete: false))
    #expect(round.receive(round: 4, shard: 1) == .ignore(reason: "shard 1 is there already"))
    #expect(round.receive(round: 4, shard: 0) == .accept([.init(into: 0, from: 1)], isComplete: true))
}
