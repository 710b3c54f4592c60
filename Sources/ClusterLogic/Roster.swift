/// Who is in the cluster, and which of their lanes are idle.
public struct Roster: Sendable {
    public struct Member: Sendable {
        public let id: NodeID
        public let lanes: Int
        public fileprivate(set) var lastHeard: ContinuousClock.Instant
        /// Lanes that have asked for a shard and have none yet.
        public fileprivate(set) var idleLanes = 0
        /// Idle lanes by its last heartbeat.
        fileprivate var reportedIdle = 0
    }

    /// A member that is silent for longer has lost its shards.
    public let lease: Duration
    private var members: [NodeID: Member] = [:]

    public init(lease: Duration) { self.lease = lease }

    public var count: Int { members.count }
    /// In the order of their ids, so that nothing depends on who came first.
    public var inOrder: [Member] { members.values.sorted { $0.id < $1.id } }

    public func contains(_ id: NodeID) -> Bool { members[id] != nil }
    public subscript(id: NodeID) -> Member? { members[id] }

    /// Takes a node in. Former incarnations of its name are gone by that, and are returned.
    public mutating func join(_ id: NodeID, lanes: Int, at now: ContinuousClock.Instant) -> [NodeID] {
        let former = members.keys.filter { $0.name == id.name && $0 != id }.sorted()
        for id in former { members[id] = nil }
        if members[id] == nil { members[id] = Member(id: id, lanes: lanes, lastHeard: now) }
        return former
    }

    public mutating func leave(_ id: NodeID) { members[id] = nil }

    /// Any message renews the lease. A late one does not revive a member that was removed: its shards have new owners.
    public mutating func heard(from id: NodeID, at now: ContinuousClock.Instant) { members[id]?.lastHeard = now }

    public mutating func laneIsIdle(_ id: NodeID, lanes: Int) {
        guard let member = members[id] else { return }
        members[id]!.idleLanes = min(member.idleLanes + lanes, member.lanes)
    }

    public mutating func laneIsBusy(_ id: NodeID) {
        guard let member = members[id] else { return }
        members[id]!.idleLanes = max(member.idleLanes - 1, 0)
    }

    /// A member's heartbeat. A lane that is idle at two in a row has been forgotten: its wish, or the shard it was
    /// given, was lost on the way.
    public mutating func heartbeat(of id: NodeID, idleLanes: Int) {
        guard let member = members[id] else { return }
        let forgotten = min(member.reportedIdle, idleLanes, member.lanes)
        members[id]!.idleLanes = max(member.idleLanes, forgotten)
        members[id]!.reportedIdle = idleLanes
    }

    /// Another incarnation of the same name that was heard lately: two workers must not share a name.
    public func rival(of id: NodeID, at now: ContinuousClock.Instant, within time: Duration) -> NodeID? {
        members.values.first {
            $0.id.name == id.name && $0.id != id && $0.lastHeard.duration(to: now) < time
        }?.id
    }

    /// Removes the members whose lease has run out, and returns them.
    public mutating func expire(at now: ContinuousClock.Instant) -> [(id: NodeID, silence: Duration)] {
        let gone = members.values.filter { $0.lastHeard.duration(to: now) > lease }.sorted { $0.id < $1.id }
        for member in gone { members[member.id] = nil }
        return gone.map { ($0.id, $0.lastHeard.duration(to: now)) }
    }
}
