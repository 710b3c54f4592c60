import Messages

@testable import ClusterLogic

/// What must hold, whatever happens.
extension SimulatedCluster {
    /// What the scheduler knows fits together, and nothing is forgotten.
    mutating func checkScheduler() {
        var holders: [UInt64: [Int: Int]] = [:]
        for member in scheduler.members.values {
            let computed = member.tasks.count(where: \.isComputed)
            expect(computed <= member.lanes, "\(member.id) computes \(computed) shards on \(member.lanes) lanes")
            let inHand = member.tasks.count { !$0.isSent }
            expect(inHand <= 2 * member.lanes, "\(member.id) has \(inHand) shards for \(member.lanes) lanes")
            expect(
                member.freeLanes <= 0
                    || !member.tasks.contains { $0.isWaiting && $0.id.round == scheduler.current },
                "\(member.id) has a free lane, and a shard waits")
            for task in member.tasks {
                expect(scheduler.owners[task.id] == member.id, "\(task.id) is owned by \(member.id)")
                if scheduler.place(of: task.id) != nil {
                    holders[task.id.round, default: [:]][task.id.shard, default: 0] += 1
                }
            }
        }
        expect(
            scheduler.owners.count == scheduler.members.values.reduce(0) { $0 + $1.tasks.count },
            "every attempt that is out is somebody's")
        for round in scheduler.rounds {
            var isQueued = [Bool](repeating: false, count: round.shards.count)
            for shard in round.queue { isQueued[shard] = true }
            for (index, shard) in round.shards.enumerated() {
                let actual = holders[round.number]?[index] ?? 0
                expect(shard.holders == actual, "shard \(index) of \(round.number) has \(actual), not \(shard.holders)")
                expect(
                    round.isClosing || shard.isSettled || shard.holders > 0 || !shard.isReady || isQueued[index]
                        || !shard.isBlank && round.number != scheduler.current,
                    "shard \(index) of round \(round.number) is forgotten")
            }
            let unsettled = round.shards.count { !$0.isSettled }
            expect(round.unsettled == unsettled, "\(unsettled) shards of round \(round.number) are not settled")
        }
        if let deadline = scheduler.nextDeadline() { expect(deadline >= now, "a deadline has passed") }
    }

    /// When nothing has changed for two heartbeats of everybody, the scheduler knows which lanes are free.
    mutating func checkLanes() {
        guard onTheWay == 0, !quietHeartbeats.isEmpty,
            workers.values.allSatisfy({ quietHeartbeats[$0.id] ?? 0 >= 2 && $0.pausedUntil == nil })
        else { return }
        quietMoments += 1
        for worker in workers.values {
            guard let member = scheduler.members[worker.id], !member.isLeaving, worker.strayLanes == 0 else { continue }
            // A worker may begin the next round's shards before its turn, when they need no step before.
            if worker.computing.contains(where: { $0.round > scheduler.current ?? 0 }) { continue }
            expect(
                member.freeLanes == worker.lanes - worker.computing.count,
                "\(worker.id) has \(worker.lanes - worker.computing.count) free lanes, not \(member.freeLanes)")
        }
    }

    mutating func checkAssignment(_ attempt: ShardAttempt, _ purpose: Scheduler.Purpose, _ node: NodeID) {
        guard let member = scheduler.members[node] else { return }
        let isNew = issued[attempt] == nil
        expect(isNew, "\(attempt) is handed out once")
        issued[attempt] = (node, member.fingerprint)
        guard purpose == .audit, let parts = testimonies[attempt.round]?[attempt.shard] else { return }
        expect(
            parts.values.contains { $0.first?.fingerprint == member.fingerprint },
            "\(attempt) is audited by a peer")
    }

    /// A round is closed once, in its turn, and only when its shards are there and, where somebody could audit, agreed
    /// on.
    mutating func checkClosing(_ round: UInt64) {
        let before = closed.count
        expect(round == UInt64(before), "round \(round) is closed after \(before) others")
        for shard in 0..<weather.shards {
            for part in 0..<weather.parts {
                guard let heard = testimonies[round]?[shard]?[part], let first = heard.first else {
                    expect(false, "part \(part) of shard \(shard) of round \(round) is there")
                    continue
                }
                let canBeAudited = scheduler.members.values.contains {
                    $0.fingerprint == first.fingerprint && !$0.isLeaving
                }
                let agreeing = heard.count { $0.digest == first.digest }
                if audited[round]!.contains(shard) && canBeAudited {
                    expect(agreeing >= 2, "shard \(shard) of round \(round) is agreed on")
                }
            }
        }
    }

    /// What a server has counted at the end of a round.
    mutating func checkCounted(_ round: UInt64, at server: Int) {
        let versions = [servers[server].version, steps.version]
        expect(versions == [round, round], "server \(server) takes step \(round) at the versions \(versions)")
        for shard in 0..<weather.shards {
            guard let digest = servers[server].counting(shard: shard)?.digest else {
                expect(false, "shard \(shard) of round \(round) is counted at server \(server)")
                continue
            }
            guard isGuarded || weather.corrupt == 0 else { continue }
            let right = (0..<weather.fingerprints).map {
                rightDigest(round, shard, part: server, "processor \($0)")
            }
            expect(right.contains(digest), "a wrong result of shard \(shard) of round \(round) counts")
        }
    }
}
