import Messages

/// Workers come, go, and say what they have.
extension Scheduler {
    public func contains(_ id: NodeID) -> Bool { members[id] != nil }

    /// Was a worker of this name wrong too often?
    public func isDismissed(_ name: String) -> Bool { (strikes[name] ?? 0) >= Self.strikesAllowed }

    /// A worker that is there already keeps what it has. `former` are those whose place it takes, perhaps itself as it
    /// was before: they are gone, and nothing is decided between their going and its coming.
    public mutating func join(
        _ id: NodeID, lanes: Int, fingerprint: String, replacing former: [NodeID] = [],
        at now: ContinuousClock.Instant
    ) {
        for id in former { remove(id) }
        guard members[id] == nil else { return }
        members[id] = Member(id: id, lanes: lanes, fingerprint: fingerprint)
        reconsider(at: now)
    }

    /// A worker is gone; the shards of the running round that it still owed wait for another, and are returned.
    @discardableResult
    public mutating func lose(_ id: NodeID, at now: ContinuousClock.Instant) -> [Int] {
        guard members[id] != nil else { return [] }
        let owed = remove(id)
        reconsider(at: now)
        return owed
    }

    @discardableResult
    private mutating func remove(_ id: NodeID) -> [Int] {
        guard let member = members[id] else { return [] }
        members[id] = nil
        let owed = member.tasks.map(\.id).filter { place(of: $0) == 0 && !rounds[0].shards[$0.shard].isSettled }
        for task in member.tasks { release(task.id) }
        return Set(owed.map(\.shard)).sorted()
    }

    /// A worker wants to go; what it does not finish goes to others. Of a later round it finishes nothing: it might
    /// wait for those who wait for it.
    public mutating func retire(_ id: NodeID, finishing kept: [ShardAttempt], at now: ContinuousClock.Instant) {
        guard let member = members[id] else { return }
        let later = Set(rounds.dropFirst().map(\.number))
        cancelWaiting(at: id) { later.contains($0.round) && kept.contains($0) }
        let returned = member.tasks.map(\.id).filter { !kept.contains($0) }
        members[id]!.isLeaving = true
        members[id]!.tasks.removeAll { returned.contains($0.id) }
        for attempt in returned { release(attempt) }
        reconsider(at: now)
    }

    /// What a worker says it has. An attempt that is missing twice was lost on the way, to it or from it. One that was
    /// taken from it is taken once more, in case it did not hear; if it is being computed, it has a lane.
    ///
    /// Heartbeats that are read in one moment have waited for it together, and were said before what was handed out
    /// since: they count as one.
    public mutating func heartbeat(
        of id: NodeID, held: [ShardAttempt], sent: [ShardAttempt], at now: ContinuousClock.Instant
    ) {
        guard var member = members[id] else { return }
        let (isHeld, isSent) = (Set(held), Set(sent))
        let isAnother = member.lastHeartbeat != now
        member.lastHeartbeat = now
        var gone: [ShardAttempt] = []
        for index in member.tasks.indices {
            let attempt = member.tasks[index].id
            if isSent.contains(attempt) { member.tasks[index].isSent = true }
            if member.tasks[index].isSent && member.tasks[index].began == nil {
                // It was computed before its round's turn.
                member.tasks[index].began = now
                noteBeginning(of: attempt, at: now)
            }
            let isThere = isHeld.contains(attempt) || isSent.contains(attempt)
            if isThere {
                member.tasks[index].heartbeatsMissed = 0
            } else if isAnother {
                member.tasks[index].heartbeatsMissed += 1
            }
            // Nobody waits for what is on its way to a round that is over.
            let isInVain = member.tasks[index].isSent && place(of: attempt) == nil
            if isInVain || member.tasks[index].heartbeatsMissed == 2 { gone.append(attempt) }
        }
        member.tasks.removeAll { gone.contains($0.id) }
        let strays = held.filter { attempt in !member.tasks.contains { $0.id == attempt } }.prefix(member.lanes * 2)
        member.strays = Set(strays)
        // What we thought it computes waits behind those.
        while member.strays.count + member.computed > member.lanes,
            let index = member.tasks.lastIndex(where: { $0.isComputed && $0.id.round == current })
        {
            member.tasks[index].began = nil
            let attempt = member.tasks[index].id
            if place(of: attempt) == 0, rounds[0].shards[attempt.shard].holders == 1 {
                rounds[0].shards[attempt.shard].latest = nil
            }
        }
        members[id] = member
        for attempt in gone { release(attempt) }
        for attempt in strays { commands.append(.cancel(attempt, at: id)) }
        beginWaiting(at: id, now)
        dispatch(at: now)
    }
}
