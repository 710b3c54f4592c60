import ClusterLogic
import Messages
import ZeroMQ

/// Workers come, ask for shards, answer and go.
extension Cluster {
    func handle(_ envelope: Envelope, from peer: NodeID, at now: ContinuousClock.Instant) throws {
        if case .join(let join) = envelope.header { return try takeIn(peer, join, at: now) }
        guard envelope.run == run, roster.contains(peer) else { return }
        roster.heard(from: peer, at: now)
        switch envelope.header {
        case .ready(let lanes): roster.laneIsIdle(peer, lanes: lanes)
        case .heartbeat(let idleLanes): roster.heartbeat(of: peer, idleLanes: idleLanes)
        case .scores(let id, let seconds):
            round?.scored(id, envelope.tensors.first, classes: classes, seconds: seconds)
            patience.reset(at: now)
        case .failure(let id, let reason):
            guard let round, id.round == round.number, round.shards.indices.contains(id.shard) else { return }
            failure = ShardFailure(
                round: id.round, shard: id.shard, samples: round.shards[id.shard], worker: peer.name, reason: reason)
        default: break
        }
    }

    private func takeIn(_ peer: NodeID, _ join: Header.Join, at now: ContinuousClock.Instant) throws {
        guard join.build == Wire.build else {
            return try refuse(peer, RunFailure(.clusterUnreachable, "it is build \(join.build), this is \(Wire.build)"))
        }
        guard (1...4096).contains(join.lanes) else {
            return try refuse(peer, RunFailure(.clusterUnreachable, "\(join.lanes) lanes are not between 1 and 4096"))
        }
        if roster.rival(of: peer, at: now, within: Self.lease / 2) != nil {
            // A worker that was started anew asks again until its former self has been silent for a while.
            return log.debug("\(peer) asks to join under a name that is in use")
        }
        let isMember = roster.contains(peer)
        // A worker that joins again, itself or its successor, has forgotten its shards.
        for former in roster.join(peer, lanes: join.lanes, at: now) + [peer] { _ = round?.schedule.release(former) }
        roster.heard(from: peer, at: now)
        if everyone.insert(peer.name).inserted {
            log.info(
                "\(peer) joins: \(join.lanes) lane\(join.lanes == 1 ? "" : "s") on \(join.host), process \(join.process), \(join.processor)"
            )
        } else if !isMember {
            log.info("\(peer) joins again, process \(join.process)")
        }
        try workers.send(
            .welcome(configuration: configuration, parameterServer: serverEndpoint), run: run, to: peer)
    }

    func refuse(_ peer: NodeID, _ error: any Error) throws {
        guard foreignPeers.count < 10_000, foreignPeers.insert(peer).inserted else { return }
        log.warning("\(peer) is refused: \(error)")
        try workers.send(.refusal(reason: "\(error)"), run: run, to: peer)
    }

    func buryTheDead(at now: ContinuousClock.Instant) throws {
        for (name, cause) in try local?.replaceTheDead(at: now) ?? [] {
            for member in roster.inOrder where member.id.name == name { lose(member.id, "ended by \(cause)") }
        }
        for (id, silence) in roster.expire(at: now) { lose(id, "has been silent for \(silence.spoken)") }
    }

    private func lose(_ id: NodeID, _ cause: String) {
        roster.leave(id)
        lostWorkers += 1
        let shards = round?.schedule.release(id) ?? []
        log.warning("\(id) \(cause)\(shards.isEmpty ? "" : "; its shards \(shards) go to others")")
    }

    enum HandingOut {
        /// No lane is idle, or no shard waits.
        case done
        /// The next shard's images are still being made.
        case imagesMissing
    }

    /// Gives waiting shards to idle lanes, one a worker in turn.
    func handOut() throws -> HandingOut {
        while let member = roster.inOrder.max(by: { $0.idleLanes < $1.idleLanes }), member.idleLanes > 0,
            let open = round, let shard = open.schedule.next
        {
            guard let tensors = loader.tensors(round: open.number, shard: shard) else { return .imagesMissing }
            guard let (_, attempt) = round!.schedule.assign(to: member.id, at: .now) else { return .done }
            let frames = [try tensors.images.frame(), try tensors.labels.withUnsafeBytes { try Message($0) }]
            let isSent = try workers.send(
                .assignment(open.assignment(shard: shard, attempt: attempt)), run: run, tensors: frames, to: member.id)
            if isSent { roster.laneIsBusy(member.id) } else { lose(member.id, "is not connected any more") }
        }
        return .done
    }
}
