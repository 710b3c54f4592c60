import Messages

@testable import ClusterLogic

/// What the coordinator hears, and does at its scheduler's command.
extension SimulatedCluster {
    mutating func openRound() {
        guard opened < weather.rounds else { return }
        let round = opened
        opened += 1
        let audited = Set((0..<weather.shards).filter { _ in dice.roll(weather.audits) })
        self.audited[round] = audited
        scheduler.open(round: round, shards: weather.shards, parts: weather.parts, audited: audited, at: now)
        for shard in 0..<weather.shards { plan(.ready(round: round, shard: shard), in: 0...40) }
        if round == 0 || weather.isScoring { openAtServers(round, firstAttempt: 1) }
    }

    mutating func openAtServers(_ round: UInt64, firstAttempt: Int) {
        firstAttempts[round] = firstAttempt
        for server in servers.indices { order(server, .open(round: round, firstAttempt: firstAttempt)) }
    }

    mutating func receive(_ report: Report) {
        if case .heartbeat = report {} else { onTheWay -= 1 }
        switch report {
        case .arrived(let attempt, let part, let digest):
            hear(attempt, part: part, digest: digest)
            scheduler.result(attempt, part: part, digest: digest, at: now)
        case .rejected(let attempt):
            scheduler.fail(attempt, at: now)
        case .audited(let attempt, let digests, let node):
            guard scheduler.contains(node) else { return }
            for (part, digest) in digests.enumerated() { hear(attempt, part: part, digest: digest) }
            scheduler.audited(attempt, digests: digests, at: now)
        case .updated(_, let version):
            if scheduler.current == version - 1, servers.allSatisfy({ $0.version == version }) { advance() }
        case .heartbeat(let node, let held, let sent, let since):
            guard scheduler.contains(node) else { return tell(node, .refuse) }
            scheduler.heartbeat(of: node, held: held, sent: sent, at: now)
            if since > lastChange { quietHeartbeats[node, default: 0] += 1 }
            return
        case .leave(let node, let kept):
            scheduler.retire(node, finishing: kept, at: now)
        }
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

    mutating func advance() {
        scheduler.advance(at: now)
        openRound()
    }

    /// Carries out what the scheduler says.
    mutating func obey() {
        while true {
            let commands = scheduler.takeCommands()
            if commands.isEmpty { break }
            for command in commands { obey(command) }
        }
        planTick()
    }

    mutating func obey(_ command: Scheduler.Command) {
        switch command {
        case .assign(let attempt, let purpose, let node):
            checkAssignment(attempt, purpose, node)
            tell(node, .assign(attempt, purpose))
            changed()
        case .cancel(let attempt, let node):
            tell(node, .cancel(attempt))
        case .close(let round):
            checkClosing(round)
            closed.append(round)
            if weather.isScoring {
                checkCounted(servers[0].counted[round] ?? [:], round: round, server: 0)
                return advance()
            }
            for server in servers.indices { order(server, .apply(round: round)) }
            if round + 1 < weather.rounds { openAtServers(round + 1, firstAttempt: 1) }
        case .restart(let round, let firstAttempt):
            testimonies[round] = nil
            openAtServers(round, firstAttempt: firstAttempt)
        case .dismiss(let node):
            expect(weather.corrupt > 0 && isCorrupt(node), "\(node) is dismissed though it is honest")
            banned.insert(Int(node.name.dropFirst("worker-".count))!)
            tell(node, .refuse)
            _ = scheduler.lose(node, at: now)
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
