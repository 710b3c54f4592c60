import Messages

/// Results come in, are compared, and settle their shards.
extension Scheduler {
    /// What a shard still needs.
    enum Need {
        case result
        case audit
        case nothing
        /// The result that counted is wrong.
        case restart
    }

    /// One part of an attempt's result has come; with the last part its lane is free. An audit has all parts at once.
    public mutating func result(_ id: ShardAttempt, part: Int, digest: UInt64, at now: ContinuousClock.Instant) {
        vote(id, [part: digest])
        if !isOut(id) || isWhole(id) { finish(id, at: now) }
        settle(id, at: now)
    }

    public mutating func audited(_ id: ShardAttempt, digests: [UInt64], at now: ContinuousClock.Instant) {
        vote(id, Dictionary(uniqueKeysWithValues: digests.enumerated().map { ($0, $1) }))
        finish(id, at: now)
        settle(id, at: now)
    }

    /// An attempt came to nothing: too late, or damaged on the way.
    public mutating func fail(_ id: ShardAttempt, at now: ContinuousClock.Instant) {
        if let owner = owners[id] { members[owner]?.tasks.removeAll { $0.id == id } }
        let owner = owners[id]
        release(id)
        if let owner { beginWaiting(at: owner, now) }
        dispatch(at: now)
    }

    private mutating func vote(_ id: ShardAttempt, _ digests: [Int: UInt64]) {
        guard let index = rounds.firstIndex(where: { $0.number == id.round }), id.attempt >= rounds[index].firstAttempt,
            rounds[index].issued.indices.contains(id.attempt - 1)
        else { return }
        let issue = rounds[index].issued[id.attempt - 1]
        guard issue.shard == id.shard else { return }
        for (part, digest) in digests where rounds[index].shards[id.shard].votes.indices.contains(part) {
            // What a message that came twice says is said once.
            guard !rounds[index].shards[id.shard].votes[part].contains(where: { $0.attempt == id.attempt }) else {
                continue
            }
            rounds[index].shards[id.shard].votes[part].append(
                Vote(node: issue.node, fingerprint: issue.fingerprint, attempt: id.attempt, digest: digest))
        }
    }

    /// The lane that had the attempt has finished it.
    private mutating func finish(_ id: ShardAttempt, at now: ContinuousClock.Instant) {
        guard let node = owners.removeValue(forKey: id) else { return }
        if let index = rounds.firstIndex(where: { $0.number == id.round }), id.attempt >= rounds[index].firstAttempt {
            rounds[index].shards[id.shard].holders -= 1
        }
        guard let place = members[node]?.tasks.firstIndex(where: { $0.id == id }) else { return }
        let task = members[node]!.tasks.remove(at: place)
        let time = (task.began ?? task.assigned).duration(to: now)
        recent.append(time)
        statistics[node.name, default: WorkerStatistics()].finished(task.purpose, in: time)
        beginWaiting(at: node, now)
    }

    /// Does an attempt belong to an open round, as that stands now?
    private func isOut(_ id: ShardAttempt) -> Bool {
        rounds.contains { $0.number == id.round && id.attempt >= $0.firstAttempt }
    }

    private func isWhole(_ id: ShardAttempt) -> Bool {
        let round = rounds.first { $0.number == id.round }!
        return round.shards.indices.contains(id.shard)
            && round.shards[id.shard].votes.allSatisfy { votes in votes.contains { $0.attempt == id.attempt } }
    }

    private mutating func settle(_ id: ShardAttempt, at now: ContinuousClock.Instant) {
        if let index = rounds.firstIndex(where: { $0.number == id.round }),
            rounds[index].shards.indices.contains(id.shard)
        {
            consider(id.shard, in: index)
        }
        dispatch(at: now)
    }

    /// Who is there decides which audits are possible: when that has changed, shards are looked at again.
    mutating func reconsider(at now: ContinuousClock.Instant) {
        for index in rounds.indices {
            for shard in rounds[index].shards.indices where !rounds[index].shards[shard].votes[0].isEmpty {
                consider(shard, in: index)
            }
        }
        dispatch(at: now)
    }

    private mutating func consider(_ shard: Int, in index: Int) {
        guard !rounds[index].isClosing else { return }
        report(shard, in: index)
        let need = need(of: shard, in: index)
        let isSettled = need == .nothing
        if rounds[index].shards[shard].isSettled != isSettled {
            rounds[index].shards[shard].isSettled = isSettled
            rounds[index].unsettled += isSettled ? -1 : 1
            if isSettled { finish(shard, in: index) }
        }
        switch need {
        case .result, .audit:
            rounds[index].queue.append(shard)
            if let votes = rounds[index].shards[shard].votes.first(where: { $0.count >= Self.votesAllowed }) {
                commands.append(
                    .abandon(ShardAttempt(round: rounds[index].number, shard: shard, attempt: votes.last!.attempt)))
            }
        case .restart:
            convict(shard, in: index)
            restart(index)
        case .nothing: break
        }
    }

    /// A shard needs nothing more.
    private mutating func finish(_ shard: Int, in index: Int) {
        convict(shard, in: index)
        let round = rounds[index].number
        for node in members.keys { cancelWaiting(at: node) { $0.round == round && $0.shard == shard } }
        if rounds[index].unsettled == 0 {
            rounds[index].isClosing = true
            commands.append(.close(round: round))
        }
    }

    func need(of shard: Int, in index: Int) -> Need {
        let state = rounds[index].shards[shard]
        if state.votes.contains(where: \.isEmpty) { return .result }
        var need = Need.nothing
        for votes in state.votes {
            let peers = votes.filter { $0.fingerprint == votes[0].fingerprint }
            if peers.contains(where: { $0.digest != votes[0].digest }) {
                guard let right = majority(peers) else {
                    // Without anybody to ask, everything is computed anew.
                    if auditors(of: shard, in: index) == nil { return .restart }
                    need = .audit
                    continue
                }
                if right != votes[0].digest { return .restart }
            } else if peers.count < 2, state.isAudited || (strikes[votes[0].node.name] ?? 0) > 0,
                auditors(of: shard, in: index) != nil
            {
                need = .audit
            }
        }
        return need
    }

    /// The digest that two or more agree on, and more than on any other.
    private func majority(_ votes: [Vote]) -> UInt64? {
        let counts = votes.reduce(into: [:]) { $0[$1.digest, default: 0] += 1 }
        guard let most = counts.values.max(), most >= 2, counts.count(where: { $0.value == most }) == 1 else {
            return nil
        }
        return counts.first { $0.value == most }!.key
    }

    /// Who may audit a shard: bitwise peers of whoever computed it, others than have done so already if there are any.
    /// nil if nobody is there.
    func auditors(of shard: Int, in index: Int) -> Set<NodeID>? {
        let votes = rounds[index].shards[shard].votes.flatMap { $0 }
        guard let first = votes.first else { return nil }
        let peers = members.values.filter { $0.fingerprint == first.fingerprint && !$0.isLeaving }.map(\.id)
        let voters = Set(votes.map(\.node))
        let others = peers.filter { !voters.contains($0) }
        let allowed = others.isEmpty ? peers : others
        return allowed.isEmpty ? nil : Set(allowed)
    }

    /// Says, once a shard, that its results differ.
    private mutating func report(_ shard: Int, in index: Int) {
        let state = rounds[index].shards[shard]
        guard !state.isReported else { return }
        for votes in state.votes {
            guard
                let other = votes.first(where: {
                    $0.fingerprint == votes[0].fingerprint && $0.digest != votes[0].digest
                })
            else { continue }
            rounds[index].shards[shard].isReported = true
            commands.append(
                .report(.init(round: rounds[index].number, shard: shard, nodes: [votes[0].node, other.node])))
            return
        }
    }

    /// Names those whose results of a shard were wrong.
    private mutating func convict(_ shard: Int, in index: Int) {
        for votes in rounds[index].shards[shard].votes {
            let peers = votes.filter { $0.fingerprint == votes.first?.fingerprint }
            guard let right = majority(peers) else { continue }
            for vote in peers
            where vote.digest != right && rounds[index].convicted.insert(vote.attempt).inserted {
                strikes[vote.node.name, default: 0] += 1
                let id = ShardAttempt(round: rounds[index].number, shard: shard, attempt: vote.attempt)
                commands.append(.convict(vote.node, id, strikes: strikes[vote.node.name]!))
                if strikes[vote.node.name]! == Self.strikesAllowed { commands.append(.dismiss(vote.node)) }
            }
        }
    }

    private mutating func restart(_ index: Int) {
        let round = rounds[index].number
        for node in members.keys { cancelWaiting(at: node) { $0.round == round } }
        rounds[index].firstAttempt = rounds[index].issued.count + 1
        rounds[index].unsettled = rounds[index].shards.count
        rounds[index].queue = []
        for shard in rounds[index].shards.indices {
            rounds[index].shards[shard].holders = 0
            rounds[index].shards[shard].isSettled = false
            rounds[index].shards[shard].isReported = false
            rounds[index].shards[shard].votes = Array(repeating: [], count: rounds[index].parts)
            if rounds[index].shards[shard].isReady { rounds[index].queue.append(shard) }
        }
        commands.append(.restart(round: round, firstAttempt: rounds[index].firstAttempt))
    }
}
