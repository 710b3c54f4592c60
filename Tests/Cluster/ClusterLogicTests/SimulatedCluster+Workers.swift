import Messages

@testable import ClusterLogic

/// What workers do.
extension SimulatedCluster {
    mutating func join(_ number: Int) {
        guard !banned.contains(number) else { return }
        incarnations += 1
        let id = NodeID(name: "worker-\(number)", incarnation: incarnations)
        // The last ones are corrupt; the first always comes back.
        workers[id] = Worker(
            id: id, number: number, lanes: 1 + number % 3, fingerprint: "processor \(number % weather.fingerprints)",
            isCorrupt: number >= weather.workers - weather.corrupt)
        changed()
        plan(.heartbeat(id), in: 1...50)
    }

    /// A worker is no more. The coordinator notices later; another incarnation may come.
    mutating func end(_ id: NodeID, noticedAfter time: Duration) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        events.add(.expire(id), at: now + time)
        if worker.number == 0 || dice.roll(0.8) { plan(.join(worker.number), in: 10...2000) }
        changed()
    }

    mutating func beat(_ id: NodeID) {
        guard let worker = workers[id] else { return }
        events.add(.heartbeat(id), at: now + Self.heartbeat)
        if isFaulty {
            if dice.roll(weather.death) { return end(id, noticedAfter: dice.roll(0.5) ? .zero : Self.lease) }
            if dice.roll(weather.pause) {
                workers[id]!.pausedUntil = now + dice.milliseconds(50...1000)
                return changed()
            }
            if dice.roll(weather.leaving), !worker.isLeaving { leave(id) }
        }
        if worker.isLeaving && worker.waiting.isEmpty && worker.computing.isEmpty {
            return end(id, noticedAfter: .zero)
        }
        if worker.run == nil { return report(.join(id), from: id) }
        if worker.isLeaving { sayGoodbye(id) }
        report(
            .heartbeat(id, held: worker.computing + worker.waiting, sent: Array(worker.sent.keys), since: now), from: id
        )
    }

    mutating func leave(_ id: NodeID) {
        workers[id]!.isLeaving = true
        workers[id]!.waiting.removeAll { _ in dice.roll(0.5) }
        sayGoodbye(id)
        changed()
    }

    mutating func sayGoodbye(_ id: NodeID) {
        let worker = workers[id]!
        report(.leave(id, finishing: worker.computing + worker.waiting + worker.sent.keys), from: id)
    }

    mutating func receive(_ word: Word, at id: NodeID) {
        guard let worker = workers[id] else { return }
        switch word {
        case .welcome(let run):
            guard worker.run != run else { return }
            // What its lanes compute goes on, for nobody.
            workers[id]!.strayLanes += worker.computing.count
            (workers[id]!.run, workers[id]!.told, workers[id]!.waiting) = (run, [:], [])
            (workers[id]!.computing, workers[id]!.sent) = ([], [:])
            changed()
        case .leave:
            guard worker.run != nil else { return }
            workers[id]!.strayLanes += worker.computing.count
            (workers[id]!.run, workers[id]!.told, workers[id]!.waiting) = (nil, [:], [])
            (workers[id]!.computing, workers[id]!.sent) = ([], [:])
            if worker.isLeaving { end(id, noticedAfter: .zero) }
            changed()
        case .assign(let attempt, let purpose, let run):
            guard run == worker.run, worker.told[attempt] == nil, !worker.isLeaving else { return }
            workers[id]!.told[attempt] = purpose
            workers[id]!.waiting.append(attempt)
            changed()
            beginWork(at: id)
        case .cancel(let attempt, let run):
            if run == worker.run, let place = worker.waiting.firstIndex(of: attempt) {
                workers[id]!.waiting.remove(at: place)
                changed()
            }
        case .taken(let attempt, let part, let run):
            guard run == worker.run else { return }
            workers[id]!.sent[attempt]?.remove(part)
            if workers[id]!.sent[attempt]?.isEmpty == true { workers[id]!.sent[attempt] = nil }
            changed()
        case .refuse:
            end(id, noticedAfter: .zero)
        }
    }

    mutating func beginWork(at id: NodeID) {
        while let worker = workers[id], let run = worker.run,
            worker.computing.count + worker.strayLanes < worker.lanes,
            let attempt = worker.waiting.first(where: { canBegin($0.round, of: run) })
        {
            workers[id]!.waiting.removeAll { $0 == attempt }
            workers[id]!.computing.append(attempt)
            plan(.finished(id, attempt, run: run), in: dice.roll(0.05) ? 1000...2000 : 50...200)
            changed()
        }
    }

    /// A step needs the parameters of the one before, from every server.
    func canBegin(_ round: UInt64, of run: UInt64) -> Bool {
        weather.isScoring || servers.allSatisfy { $0.stage == .serving && $0.run == run && $0.version >= round }
    }

    mutating func finish(_ attempt: ShardAttempt, at id: NodeID, for run: UInt64) {
        guard let worker = workers[id] else { return }
        guard run == worker.run, worker.computing.contains(attempt) else {
            workers[id]!.strayLanes -= 1
            changed()
            return beginWork(at: id)
        }
        workers[id]!.computing.removeAll { $0 == attempt }
        let isWrong = worker.isCorrupt && dice.roll(0.3)
        let digests = (0..<weather.parts).map {
            isWrong ? dice.next() : rightDigest(attempt.round, attempt.shard, part: $0, worker.fingerprint)
        }
        if worker.told[attempt] == .audit {
            report(.audited(attempt, digests: digests, from: id), from: id)
        } else if weather.isScoring {
            report(.arrived(attempt, part: 0, digest: digests[0]), from: id)
        } else {
            workers[id]!.sent[attempt] = Set(0..<weather.parts)
            for (part, digest) in digests.enumerated() {
                let push = Order.push(attempt, digest: digest, isDamaged: isLost(), from: id, run: run)
                send(.toServer(part, push), along: .push(id, to: part))
            }
        }
        changed()
        beginWork(at: id)
    }

    func rightDigest(_ round: UInt64, _ shard: Int, part: Int, _ fingerprint: String) -> UInt64 {
        var dice = Dice(seed: round << 32 | UInt64(shard) << 16 | UInt64(part) << 8 | UInt64(fingerprint.utf8.last!))
        return dice.next()
    }
}
