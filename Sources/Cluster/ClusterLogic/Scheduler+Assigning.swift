import Messages

/// Who gets which shard.
extension Scheduler {
    /// Gives work to whoever can take it: first to free lanes, what nobody has; then ahead of time, one shard for each
    /// lane; then, when lanes are still free, what waits behind a busy lane, and what has been out for too long.
    mutating func dispatch(at now: ContinuousClock.Instant) {
        dispatched = now
        if let round = rounds.first, !round.isClosing { fillFreeLanes(at: now) }
        for index in rounds.indices where !rounds[index].isClosing { fillAhead(in: index, at: now) }
        if let round = rounds.first, !round.isClosing, !members.free.isEmpty {
            while steal(at: now) {}
            speculate(at: now)
        }
    }

    public mutating func tick(at now: ContinuousClock.Instant) { dispatch(at: now) }

    /// When `dispatch` may have more to do though nothing happens: a shard has then been out for too long.
    public func nextDeadline() -> ContinuousClock.Instant? {
        guard let round = rounds.first, !round.isClosing, let dispatched, !members.free.isEmpty else { return nil }
        let limit = ageLimit
        // Whoever could help with what was late by then has been asked.
        return newestBeginnings(since: dispatched - limit).map { $0.began + limit }.min()
    }

    /// Twice the median of the shards before.
    var ageLimit: Duration { recent.quantile(0.5).map { max($0 * 2, Self.leastAge) } ?? Self.firstAge }

    /// Hands out shards of the running round that nobody has to lanes that have nothing to do.
    private mutating func fillFreeLanes(at now: ContinuousClock.Instant) {
        guard !members.free.isEmpty else { return }
        place(in: 0, at: now) { scheduler, shard, need in
            guard case .audit(let part) = need else {
                return scheduler.companion(of: shard, in: 0) { scheduler.members.free[$0] != nil } ?? scheduler.freest()
            }
            return scheduler.auditor(of: shard, part: part)
        }
    }

    /// Hands out shards of a round that nobody has to workers that have a lane without a next shard. Audits can wait.
    private mutating func fillAhead(in index: Int, at now: ContinuousClock.Instant) {
        guard !members.hungry.isEmpty else { return }
        place(in: index, at: now) { scheduler, shard, need in
            guard need == .result else { return nil }
            return scheduler.companion(of: shard, in: index) { scheduler.members.hungry.contains($0) }
                ?? scheduler.soonest()
        }
    }

    /// Hands out the shards of a round that nobody has and that `choose` finds a worker for.
    private mutating func place(
        in index: Int, at now: ContinuousClock.Instant, choose: (Scheduler, Int, Need) -> NodeID?
    ) {
        var kept: [Int] = []
        var areResultsTaken = true
        let queue = rounds[index].queue
        rounds[index].queue = []
        for shard in queue where rounds[index].shards[shard].holders == 0 {
            let need = need(of: shard, in: index)
            guard let purpose = need.purpose else { continue }
            if purpose == .audit || areResultsTaken, let node = choose(self, shard, need) {
                assign(shard, purpose, in: index, to: node, at: now)
            } else {
                // Who takes a result does not depend on the shard. An audit behind it is for particular workers.
                if purpose == .result { areResultsTaken = false }
                kept.append(shard)
            }
        }
        rounds[index].queue = kept
    }

    /// Who was handed the shard before, if it can take this one too, and has lanes for a sub-tree with both: what is
    /// computed in one place at one time can be added there.
    private func companion(of shard: Int, in index: Int, where canTake: (NodeID) -> Bool) -> NodeID? {
        guard let node = rounds[index].issued.last(where: { $0.shard == shard - 1 })?.node, canTake(node) else {
            return nil
        }
        let most = 1 << (Int.bitWidth - 1 - members[node]!.lanes.leadingZeroBitCount)
        return shard % most == 0 ? nil : node
    }

    /// The member with the most free lanes. Of equals the first by name, so that a run can be followed.
    private func freest(where isAllowed: (NodeID) -> Bool = { _ in true }) -> NodeID? {
        members.free.filter { isAllowed($0.key) }.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
    }

    /// The member that will first have a lane for one more shard, of those that have a lane without a next one.
    private func soonest() -> NodeID? {
        let waits = members.hungry.lazy.map { id in
            let member = members[id]!
            return (wait: Double(member.waiting + 1 - member.freeLanes) / Double(member.lanes), id: id)
        }
        return waits.min { $0 < $1 }?.id
    }

    private mutating func assign(
        _ shard: Int, _ purpose: Purpose, in index: Int, to node: NodeID, at now: ContinuousClock.Instant
    ) {
        let member = members[node]!
        let begins = index == 0 && member.freeLanes > 0
        rounds[index].issued.append(
            Issue(shard: shard, purpose: purpose, node: node, fingerprint: member.fingerprint))
        rounds[index].shards[shard].holders += 1
        let id = ShardAttempt(round: rounds[index].number, shard: shard, attempt: rounds[index].issued.count)
        owners[id] = node
        members[node]!.tasks.append(Task(id: id, purpose: purpose, assigned: now, began: begins ? now : nil))
        if begins { noteBeginning(of: id, at: now) }
        commands.append(.assign(id, purpose, to: node))
    }

    /// A free lane takes over a shard of the running round that waits behind a busy one.
    private mutating func steal(at now: ContinuousClock.Instant) -> Bool {
        // An audit is for particular workers.
        func isWaiting(_ task: Task) -> Bool { task.isWaiting && task.id.round == current && task.purpose == .result }
        guard rounds[0].shards.indices.contains(where: { rounds[0].shards[$0].isUnbegun }) else { return false }
        let waiting = members.values.map { (count: $0.tasks.count(where: isWaiting), id: $0.id) }
        guard let victim = waiting.filter({ $0.count > 0 }).max(by: { $0 < $1 })?.id,
            let task = members[victim]!.tasks.last(where: isWaiting), let thief = freest(), thief != victim
        else { return false }
        cancelWaiting(at: victim) { $0 == task.id }
        assign(task.id.shard, task.purpose, in: 0, to: thief, at: now)
        return true
    }

    /// Free lanes compute again what has been out for too long, the oldest first.
    private mutating func speculate(at now: ContinuousClock.Instant) {
        for (_, shard) in newestBeginnings(until: now - ageLimit).sorted(by: { $0 < $1 }) {
            let need = need(of: shard, in: 0)
            guard let purpose = need.purpose, let node = rescuer(of: shard, need) else { continue }
            let late = rounds[0].issued[rounds[0].shards[shard].latest!.attempt - 1].node
            statistics[late.name, default: WorkerStatistics()].late += 1
            assign(shard, purpose, in: 0, to: node, at: now)
        }
    }

    /// Who may compute a shard beside those that have it.
    private func rescuer(of shard: Int, _ need: Need) -> NodeID? {
        if case .audit(let part) = need { return auditor(of: shard, part: part) }
        return freest { !members[$0]!.has(shard, of: rounds[0].number) }
    }

    /// When each shard of the running round that is being computed was last begun, of those begun in this time.
    private func newestBeginnings(
        since start: ContinuousClock.Instant? = nil, until end: ContinuousClock.Instant? = nil
    ) -> [(began: ContinuousClock.Instant, shard: Int)] {
        rounds[0].shards.indices.compactMap { shard in
            guard rounds[0].shards[shard].isOwed, let began = rounds[0].shards[shard].latest?.began else { return nil }
            if let start, began <= start { return nil }
            if let end, began > end { return nil }
            return (began, shard)
        }
    }
}
