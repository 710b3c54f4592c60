/// Who is in the cluster, and when each was last heard.
public struct Roster: Sendable {
    /// A member that is silent for longer is gone.
    public let lease: Duration
    private var lastHeard: [NodeID: ContinuousClock.Instant] = [:]

    public init(lease: Duration) { self.lease = lease }

    public var count: Int { lastHeard.count }
    /// By their ids, so that nothing depends on who came first.
    public var inOrder: [NodeID] { lastHeard.keys.sorted() }

    public func contains(_ id: NodeID) -> Bool { lastHeard[id] != nil }

    /// Takes a node in. Former incarnations of its name are gone by that, and are returned.
    public mutating func join(_ id: NodeID, at now: ContinuousClock.Instant) -> [NodeID] {
        let former = lastHeard.keys.filter { $0.name == id.name && $0 != id }.sorted()
        for id in former { lastHeard[id] = nil }
        lastHeard[id] = now
        return former
    }

    public mutating func leave(_ id: NodeID) { lastHeard[id] = nil }

    /// Any message renews the lease. A late one does not revive a member that was removed: its shards have new owners.
    public mutating func heard(from id: NodeID, at now: ContinuousClock.Instant) {
        if lastHeard[id] != nil { lastHeard[id] = now }
    }

    /// Another incarnation of the same name that was heard lately: two nodes must not share a name.
    public func rival(of id: NodeID, at now: ContinuousClock.Instant, within time: Duration) -> NodeID? {
        lastHeard.first { $0.key.name == id.name && $0.key != id && $0.value.duration(to: now) < time }?.key
    }

    /// Removes the members whose lease has run out, and returns them.
    public mutating func expire(at now: ContinuousClock.Instant) -> [(id: NodeID, silence: Duration)] {
        let gone = lastHeard.filter { $0.value.duration(to: now) > lease }.sorted { $0.key < $1.key }
        for (id, _) in gone { lastHeard[id] = nil }
        return gone.map { ($0.key, $0.value.duration(to: now)) }
    }
}
