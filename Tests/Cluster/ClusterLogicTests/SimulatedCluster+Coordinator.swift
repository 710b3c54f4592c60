import Messages

@testable import ClusterLogic

/// What the coordinator hears, and does at its scheduler's command.
extension SimulatedCluster {
    /// Places the parameters, as they are after the steps that are done, on all servers. Rounds that were open are
    /// forgotten, and every worker is told.
    mutating func place() {
        run += 1
        placements += 1
        let done = weather.isScoring ? UInt64(closed.count) : steps.version
        closed.removeAll { $0 >= done }
        opened = done
        for round in testimonies.keys where round >= done { testimonies[round] = nil }
        issued = issued.filter { $0.key.round < done }
        firstAttempts = firstAttempts.filter { $0.key < done }
        scheduler.abandonRounds()
        steps.place(on: servers.count, version: done)
        isPlacing = true
        for server in servers.indices { order(server, .place) }
        for id in roster.inOrder { tell(id, .welcome(run: run)) }
        changed()
        beginRounds()
    }

    /// The first rounds are opened when all servers have their parts.
    mutating func beginRounds() {
        guard isPlacing, weather.isScoring || steps.isPlaced else { return }
        isPlacing = false
        for _ in 0..<2 { openRound() }
        if !weather.isScoring { steps.await(steps.version) }
    }

    mutating func openRound() {
        guard opened < weather.rounds else { return }
        let round = opened
        opened += 1
        let audited = Set((0..<weather.shards).filter { _ in dice.roll(weather.audits) })
        self.audited[round] = audited
        firstAttempts[round] = 1
        if !weather.isScoring { tell(steps.open(round, shards: weather.shards)) }
        scheduler.open(round: round, shards: weather.shards, parts: weather.parts, audited: audited, at: now)
        for shard in 0..<weather.shards { plan(.ready(round: round, shard: shard), in: 0...40) }
    }

    mutating func tell(_ order: Steps.Order) { for server in servers.indices { self.order(server, order) } }

    /// What happens whenever some time has passed.
    mutating func pulse() {
        plan(.pulse, in: 50...50)
        for server in servers.indices.dropFirst() {
            for order in steps.orders(for: server) { self.order(server, order) }
            if isFaulty && dice.roll(weather.serverDeath) { return happen(.serverLost(server, run: run)) }
        }
        for (id, _) in roster.expire(at: now) { lose(id) }
    }

    mutating func lose(_ id: NodeID) {
        roster.leave(id)
        scheduler.lose(id, at: now)
        changed()
    }

    mutating func receive(_ report: Report, of run: UInt64) {
        if case .heartbeat = report {} else { onTheWay -= 1 }
        if case .join(let node) = report { return takeIn(node) }
        guard run == self.run else {
            // It thinks that it takes part.
            if case .heartbeat(let node, _, _, _) = report, !roster.contains(node) { tell(node, .leave) }
            return
        }
        switch report {
        case .join: break
        case .arrived(let attempt, let part, let digest):
            hear(attempt, part: part, digest: digest)
            scheduler.result(attempt, part: part, digest: digest, at: now)
        case .rejected(let attempt):
            scheduler.fail(attempt, at: now)
        case .audited(let attempt, let digests, let node):
            guard roster.contains(node) else { return }
            for (part, digest) in digests.enumerated() { hear(attempt, part: part, digest: digest) }
            scheduler.audited(attempt, digests: digests, at: now)
        case .updated(let server, let version):
            steps.updated(server, to: version)
            beginRounds()
        case .missed: return place()
        case .heartbeat(let node, let held, let sent, let since):
            guard roster.contains(node) else { return tell(node, .leave) }
            roster.heard(from: node, at: now)
            scheduler.heartbeat(of: node, held: held, sent: sent, at: now)
            // One that comes twice says no more than once.
            if since > lastChange, quietSince.updateValue(since, forKey: node) != since {
                quietHeartbeats[node, default: 0] += 1
            }
            return
        case .leave(let node, let kept):
            scheduler.retire(node, finishing: kept, at: now)
        }
        changed()
    }

    mutating func takeIn(_ id: NodeID) {
        guard let worker = workers[id], !worker.isLeaving else { return }
        let former = roster.join(id, at: now) + [id]
        tell(id, .welcome(run: run))
        scheduler.join(id, lanes: worker.lanes, fingerprint: worker.fingerprint, replacing: former, at: now)
        changed()
    }

    mutating func hear(_ attempt: ShardAttempt, part: Int, digest: UInt64) {
        guard attempt.attempt >= firstAttempts[attempt.round] ?? 1, let issue = issued[attempt],
            testimonies[attempt.round]?[attempt.shard]?[part]?.contains(where: { $0.attempt == attempt.attempt })
                != true
        else { return }
        testimonies[attempt.round, default: [:]][attempt.shard, default: [:]][part, default: []].append(
            Testimony(attempt: attempt.attempt, fingerprint: issue.fingerprint, digest: digest))
    }

    /// Carries out what the scheduler says, and what follows from that.
    mutating func obey() {
        while true {
            let commands = scheduler.takeCommands()
            for command in commands { obey(command) }
            switch steps.next() {
            case .order(let order): tell(order)
            case .done:
                scheduler.advance(at: now)
                openRound()
                steps.await(steps.version)
            case nil: if commands.isEmpty { return planTick() }
            }
        }
    }

    mutating func obey(_ command: Scheduler.Command) {
        switch command {
        case .assign(let attempt, let purpose, let node):
            checkAssignment(attempt, purpose, node)
            tell(node, .assign(attempt, purpose, run: run))
            changed()
        case .cancel(let attempt, let node):
            tell(node, .cancel(attempt, run: run))
        case .close(let round):
            checkClosing(round)
            closed.append(round)
            guard weather.isScoring else { return steps.close(round) }
            scheduler.advance(at: now)
            openRound()
        case .restart(let round, let firstAttempt):
            testimonies[round] = nil
            firstAttempts[round] = firstAttempt
            if let order = steps.restart(round, firstAttempt: firstAttempt) { tell(order) }
        case .dismiss(let node):
            expect(weather.corrupt > 0 && isCorrupt(node), "\(node) is dismissed though it is honest")
            banned.insert(Int(node.name.dropFirst("worker-".count))!)
            tell(node, .refuse)
            lose(node)
        case .convict(let node, _, _):
            expect(isCorrupt(node), "\(node) is convicted though it is honest")
        case .report:
            expect(weather.corrupt > 0, "there is nothing to report")
        case .abandon:
            expect(weather.corrupt > 0, "there is no reason to abandon the run")
            isAbandoned = true
        }
    }

    func isCorrupt(_ node: NodeID) -> Bool {
        Int(node.name.dropFirst("worker-".count))! >= weather.workers - weather.corrupt
    }

    mutating func planTick() {
        guard let deadline = scheduler.nextDeadline() else { return }
        if let plannedTick, plannedTick <= deadline { return }
        plannedTick = deadline
        events.add(.tick, at: max(now, deadline))
    }
}
