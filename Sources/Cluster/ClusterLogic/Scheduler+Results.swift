import Messages

/// Results come in, are compared, and settle their shards.
extension Scheduler {
    /// What a shard still needs.
    enum Need: Hashable {
        case result
        /// Another computation, to compare this part of the result with.
        case audit(part: Int)
        case nothing
        /// The result that counted is wrong.
        case restart

        var purpose: Purpose? {
            switch self {
            case .result: .result
            case .audit: .audit
            case .nothing, .restart: nil
            }
        }
    }

    /// One part of an attempt's result has come; with the last part its lane is free.
    public mutating func result(_ id: ShardAttempt, part: Int, digest: UInt64, at now: ContinuousClock.Instant) {
        vote(id, part: part, digest)
        if isWhole(id) { finish(id, at: now) }
        settle(id, at: now)
    }

    /// An audit has all parts at once.
    public mutating func audited(_ id: ShardAttempt, digests: [UInt64], at now: ContinuousClock.Instant) {
        if let index = place(of: id) {
            guard let issue = issue(of: id), issue.purpose == .audit,
                digests.count == rounds[index].shards[id.shard].votes.count
            else { return fail(id, at: now) }
        }
        for (part, digest) in digests.enumerated() { vote(id, part: part, digest) }
        finish(id, at: now)
        settle(id, at: now)
    }

    /// An attempt came to nothing: too late, or damaged on the way.
    public mutating func fail(_ id: ShardAttempt, at now: ContinuousClock.Instant) {
        let owner = owners[id] ?? keeper(ofStray: id)
        release(id)
        if let owner { freeLane(of: owner, from: id, at: now) }
        dispatch(at: now)
    }

    /// Whom an attempt was handed to that still counts.
    private func issue(of id: ShardAttempt) -> Issue? {
        guard let index = place(of: id), rounds[index].issued.indices.contains(id.attempt - 1) else { return nil }
        let issue = rounds[index].issued[id.attempt - 1]
        return issue.shard == id.shard ? issue : nil
    }

    private mutating func vote(_ id: ShardAttempt, part: Int, _ digest: UInt64) {
        guard let issue = issue(of: id), let index = place(of: id) else { return }
        let parts = rounds[index].shards[id.shard].votes
        // What a message that came twice says is said once.
        guard parts.indices.contains(part), !parts[part].contains(where: { $0.attempt == id.attempt }) else { return }
        rounds[index].shards[id.shard].votes[part].append(
            Vote(node: issue.node, fingerprint: issue.fingerprint, attempt: id.attempt, digest: digest))
    }

    /// Is all there of an attempt? Of one that does not count any more, one part will do.
    private func isWhole(_ id: ShardAttempt) -> Bool {
        guard issue(of: id) != nil, let index = place(of: id) else { return true }
        return rounds[index].shards[id.shard].votes.allSatisfy { $0.contains { $0.attempt == id.attempt } }
    }

    /// The lane that had the attempt has finished it.
    private mutating func finish(_ id: ShardAttempt, at now: ContinuousClock.Instant) {
        guard let node = owners.removeValue(forKey: id) else {
            if let keeper = keeper(ofStray: id) { freeLane(of: keeper, from: id, at: now) }
            return
        }
        if let index = place(of: id) { rounds[index].shards[id.shard].holders -= 1 }
        if let task = members[node]?.tasks.first(where: { $0.id == id }) {
            let time = (task.began ?? task.assigned).duration(to: now)
            recent.append(time)
            statistics[node.name, default: WorkerStatistics()].finished(task.purpose, in: time)
        }
        freeLane(of: node, from: id, at: now)
    }

    private func keeper(ofStray id: ShardAttempt) -> NodeID? {
        members.values.first { $0.strays.contains(id) }?.id
    }

    private mutating func freeLane(of node: NodeID, from id: ShardAttempt, at now: ContinuousClock.Instant) {
        guard var member = members[node] else { return }
        member.tasks.removeAll { $0.id == id }
        member.strays.remove(id)
        members[node] = member
        beginWaiting(at: node, now)
    }

    // MARK: Settling

    private mutating func settle(_ id: ShardAttempt, at now: ContinuousClock.Instant) {
        // A round behind the running one is looked at when its turn comes.
        if place(of: id) == 0, issue(of: id) != nil {
            let convicted = rounds[0].convicted.count
            consider(id.shard)
            // What else a convicted worker has computed is to be audited.
            if rounds[0].convicted.count > convicted { considerAll() }
            closeIfSettled()
        }
        dispatch(at: now)
    }

    /// Who is there decides which audits are possible: when that has changed, shards are looked at again.
    mutating func reconsider(at now: ContinuousClock.Instant) {
        if !rounds.isEmpty {
            considerAll()
            closeIfSettled()
        }
        dispatch(at: now)
    }

    private mutating func considerAll() {
        var convicted: Int
        repeat {
            convicted = rounds[0].convicted.count
            for shard in rounds[0].shards.indices where !rounds[0].shards[shard].isBlank { consider(shard) }
        } while rounds[0].convicted.count > convicted
    }

    private mutating func closeIfSettled() {
        guard rounds[0].unsettled == 0, !rounds[0].isClosing else { return }
        rounds[0].isClosing = true
        commands.append(.close(round: rounds[0].number))
    }

    /// Draws the conclusions from the results of a shard of the running round.
    private mutating func consider(_ shard: Int) {
        guard !rounds[0].isClosing else { return }
        report(shard)
        let need = need(of: shard, in: 0)
        if rounds[0].shards[shard].isSettled != (need == .nothing) {
            rounds[0].shards[shard].isSettled.toggle()
            rounds[0].unsettled += need == .nothing ? -1 : 1
        }
        switch need {
        case .result:
            rounds[0].queue.append(shard)
        case .audit(let part):
            rounds[0].queue.append(shard)
            let votes = peers(rounds[0].shards[shard].votes[part])
            if votes.count >= Self.votesAllowed {
                commands.append(
                    .abandon(ShardAttempt(round: rounds[0].number, shard: shard, attempt: votes.last!.attempt)))
            }
        case .nothing:
            convict(shard)
            if rounds[0].shards[shard].holders > 0 { cancelAll { $0.shard == shard } }
        case .restart:
            convict(shard)
            restart()
        }
    }

    func need(of shard: Int, in index: Int) -> Need {
        let state = rounds[index].shards[shard]
        guard state.votes.allSatisfy({ !$0.isEmpty }) else { return .result }
        var need = Need.nothing
        for (part, votes) in state.votes.enumerated() {
            let peers = peers(votes)
            if let right = majority(peers) {
                if right != votes[0].digest { return .restart }
            } else if peers.count > 1 || state.isAudited || strikes[votes[0].node.name] != nil {
                if members.values.contains(where: { $0.fingerprint == votes[0].fingerprint && !$0.isLeaving }) {
                    need = .audit(part: part)
                } else if peers.count > 1 {
                    // Without anybody to ask, everything is computed anew.
                    return .restart
                }
            }
        }
        return need
    }

    /// The results that can be compared bit by bit with the one that counts, and that one.
    private func peers(_ votes: [Vote]) -> [Vote] { votes.filter { $0.fingerprint == votes[0].fingerprint } }

    /// The digest that two or more agree on, and more than on any other.
    private func majority(_ votes: [Vote]) -> UInt64? {
        guard votes.count > 1 else { return nil }
        let counts = votes.reduce(into: [:]) { $0[$1.digest, default: 0] += 1 }
        let most = counts.values.max()!
        let winners = counts.filter { $0.value == most }
        // Where each said something else, all are winners.
        return winners.count == 1 ? winners.first!.key : nil
    }

    /// Whom to ask for an audit of a part of a shard's result, of those with a free lane: a bitwise peer of whoever
    /// computed it that does not have it already, and of those the one who said least about it.
    func auditor(of shard: Int, part: Int) -> NodeID? {
        let votes = rounds[0].shards[shard].votes[part]
        func said(_ id: NodeID) -> Int { votes.count { $0.node.name == id.name } }
        func isCandidate(_ member: Member) -> Bool {
            member.fingerprint == votes[0].fingerprint && !member.isLeaving && !member.has(shard, of: rounds[0].number)
        }
        let candidates = members.free.filter { isCandidate(members[$0.key]!) }
        let best = candidates.min { (said($0.key), $1.value, $0.key) < (said($1.key), $0.value, $1.key) }
        // Another who said less will have a lane.
        guard let (id, _) = best,
            said(id) == 0 || !members.values.contains(where: { said($0.id) < said(id) && isCandidate($0) })
        else { return nil }
        return id
    }

    /// Says, once a shard, that its results differ.
    private mutating func report(_ shard: Int) {
        let state = rounds[0].shards[shard]
        guard !state.isReported else { return }
        for votes in state.votes where !votes.isEmpty {
            guard let other = peers(votes).first(where: { $0.digest != votes[0].digest }) else { continue }
            rounds[0].shards[shard].isReported = true
            commands.append(.report(.init(round: rounds[0].number, shard: shard, nodes: [votes[0].node, other.node])))
            return
        }
    }

    /// Names those whose results of a shard were wrong.
    private mutating func convict(_ shard: Int) {
        for votes in rounds[0].shards[shard].votes where !votes.isEmpty {
            let peers = peers(votes)
            guard let right = majority(peers) else { continue }
            for vote in peers where vote.digest != right && rounds[0].convicted.insert(vote.attempt).inserted {
                let id = ShardAttempt(round: rounds[0].number, shard: shard, attempt: vote.attempt)
                strikes[vote.node.name, default: 0] += 1
                let strikes = strikes[vote.node.name]!
                commands.append(.convict(vote.node, id, strikes: strikes))
                if strikes >= Self.strikesAllowed, members[vote.node]?.isLeaving == false {
                    members[vote.node]!.isLeaving = true
                    commands.append(.dismiss(vote.node))
                }
            }
        }
    }

    private mutating func restart() {
        cancelAll { _ in true }
        rounds[0].firstAttempt = rounds[0].issued.count + 1
        rounds[0].unsettled = rounds[0].shards.count
        rounds[0].shards = rounds[0].shards.map(\.renewed)
        rounds[0].queue = rounds[0].shards.enumerated().filter(\.element.isReady).map(\.offset)
        commands.append(.restart(round: rounds[0].number, firstAttempt: rounds[0].firstAttempt))
    }

    /// Takes back shards of the running round that have not been begun.
    private mutating func cancelAll(where isCancelled: (ShardAttempt) -> Bool) {
        let round = rounds[0].number
        for node in members.inOrder { cancelWaiting(at: node) { $0.round == round && isCancelled($0) } }
    }
}
