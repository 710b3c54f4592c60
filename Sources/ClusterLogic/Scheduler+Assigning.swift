import Messages

/// Who gets which shard.
extension Scheduler {
    /// Gives work to whoever can take it: first to free lanes, what nobody has; then ahead of time, one shard for each
    /// lane; then, when lanes are still free, what waits behind a busy lane, and what has been out for too long.
    mutating func dispatch(at now: ContinuousClock.Instant) {
        if let round = rounds.first, !round.isClosing {
            placeWaiting(in: 0, at: now) { scheduler, shard, need in scheduler.freest(for: shard, need) }
        }
        for index in rounds.indices where !rounds[index].isClosing {
            placeWaiting(in: index, at: now) { scheduler, _, need in
                // An audit is for a lane that has nothing else to do.
                need == .result ? scheduler.leastLoaded() : nil
            }
        }
        if let round = rounds.first, !round.isClosing { helpOut(at: now) }
    }

    /// When `dispatch` may have more to do though nothing happens: a shard has then been out for too long.
    public func nextDeadline() -> ContinuousClock.Instant? {
        guard let round = rounds.first, !round.isClosing, freest() != nil else { return nil }
        let limit = ageLimit
        return newestTasks().map { $0.began! + limit }.min()
    }

    public mutating func tick(at now: ContinuousClock.Instant) { dispatch(at: now) }

    /// Twice the median of the shards before.
    var ageLimit: Duration { recent.median.map { max($0 * 2, Self.leastAge) } ?? Self.firstAge }

    /// Hands out the shards of a round that nobody has and that `choose` finds a worker for.
    private mutating func placeWaiting(
        in index: Int, at now: ContinuousClock.Instant, choose: (Scheduler, Int, Purpose) -> NodeID?
    ) {
        var position = 0
        var areResultsTaken = true
        while position < rounds[index].queue.count {
            let shard = rounds[index].queue[position]
            guard let purpose = purpose(of: shard, in: index) else {
                rounds[index].queue.remove(at: position)
                continue
            }
            if purpose == .audit || areResultsTaken, let node = choose(self, shard, purpose) {
                rounds[index].queue.remove(at: position)
                assign(shard, purpose, in: index, to: node, at: now)
            } else {
                // Who takes a result does not depend on the shard. An audit behind it is for particular workers.
                if purpose == .result { areResultsTaken = false }
                position += 1
            }
        }
    }

    /// What a shard is to be handed out for; nil if somebody has it, or nothing is needed.
    private func purpose(of shard: Int, in index: Int) -> Purpose? {
        guard rounds[index].shards[shard].holders == 0 else { return nil }
        switch need(of: shard, in: index) {
        case .result: return .result
        case .audit: return .audit
        case .nothing, .restart: return nil
        }
    }

    /// The member with the most free lanes that may compute this.
    private func freest(for shard: Int, _ purpose: Purpose) -> NodeID? {
        guard purpose == .audit else { return freest() }
        guard let auditors = auditors(of: shard, in: 0) else { return nil }
        return freest { auditors.contains($0) }
    }

    private func freest(where isAllowed: (NodeID) -> Bool = { _ in true }) -> NodeID? {
        var best: (id: NodeID, free: Int)?
        for member in members.values {
            let free = freeLanes(of: member)
            guard free > 0, free >= best?.free ?? 1, isAllowed(member.id) else { continue }
            // Of equals the first by name, so that a run can be followed.
            if let best, free == best.free, best.id < member.id { continue }
            best = (member.id, free)
        }
        return best?.id
    }

    private func leastLoaded() -> NodeID? {
        members.values.filter { !$0.isLeaving && $0.tasks.count < Self.shardsPerLane * $0.lanes }
            .min { ($0.tasks.count - $0.lanes, $0.id) < ($1.tasks.count - $1.lanes, $1.id) }?.id
    }

    private mutating func assign(
        _ shard: Int, _ purpose: Purpose, in index: Int, to node: NodeID, at now: ContinuousClock.Instant
    ) {
        let member = members[node]!
        rounds[index].issued.append((shard, node, member.fingerprint))
        let id = ShardAttempt(round: rounds[index].number, shard: shard, attempt: rounds[index].issued.count)
        rounds[index].shards[shard].holders += 1
        if purpose == .result { rounds[index].shards[shard].attempts += 1 }
        owners[id] = node
        let begins = index == 0 && freeLanes(of: member) > 0
        members[node]!.tasks.append(Task(id: id, purpose: purpose, assigned: now, began: begins ? now : nil))
        commands.append(.assign(id, purpose, to: node))
    }

    /// Free lanes take over shards of the running round: those that wait behind a busy lane, then those that have been
    /// out for too long.
    private mutating func helpOut(at now: ContinuousClock.Instant) {
        let free = members.values.filter { freeLanes(of: $0) > 0 }.map(\.id).sorted()
        guard !free.isEmpty else { return }
        for node in free {
            while freeLanes(of: members[node]!) > 0, steal(for: node, at: now) {}
        }
        let limit = ageLimit
        guard newestTasks().contains(where: { $0.began!.duration(to: now) > limit }) else { return }
        for node in free {
            while freeLanes(of: members[node]!) > 0, speculate(for: node, at: now) {}
        }
    }

    private mutating func steal(for thief: NodeID, at now: ContinuousClock.Instant) -> Bool {
        func isWaiting(_ task: Task) -> Bool { task.began == nil && task.id.round == current }
        let victims = members.values.filter { $0.id != thief && $0.tasks.contains(where: isWaiting) }
        guard let victim = victims.max(by: { ($0.tasks.count, $0.id) < ($1.tasks.count, $1.id) }),
            let task = victim.tasks.last(where: isWaiting)
        else { return false }
        cancelWaiting(at: victim.id) { $0 == task.id }
        rounds[0].queue.removeLast()
        assign(task.id.shard, task.purpose, in: 0, to: thief, at: now)
        return true
    }

    /// Computes again what has been out for longest, if that is too long.
    private mutating func speculate(for node: NodeID, at now: ContinuousClock.Instant) -> Bool {
        let limit = ageLimit
        let held = Set(members[node]!.tasks.filter { !$0.isSent }.map(\.id).filter { $0.round == current }.map(\.shard))
        let slow = newestTasks().filter { task in
            task.began!.duration(to: now) > limit && !held.contains(task.id.shard)
                && (task.purpose == .result || auditors(of: task.id.shard, in: 0)?.contains(node) == true)
        }
        guard let task = slow.min(by: { ($0.began!, $0.id.shard) < ($1.began!, $1.id.shard) }) else { return false }
        if let owner = owners[task.id] { statistics[owner.name, default: WorkerStatistics()].late += 1 }
        assign(task.id.shard, task.purpose, in: 0, to: node, at: now)
        return true
    }

    /// Of each shard of the running round that is being computed and not settled, the attempt that began last.
    private func newestTasks() -> [Task] {
        guard let round = rounds.first else { return [] }
        var newest: [Int: Task] = [:]
        for task in members.values.lazy.flatMap(\.tasks) {
            guard let began = task.began, task.id.round == round.number, task.id.attempt >= round.firstAttempt,
                !round.shards[task.id.shard].isSettled
            else { continue }
            if let other = newest[task.id.shard], other.began! >= began { continue }
            newest[task.id.shard] = task
        }
        return Array(newest.values)
    }
}
