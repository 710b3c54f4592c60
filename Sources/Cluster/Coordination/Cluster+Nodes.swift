import ClusterLogic
import Kernels
import Messages
import Programs
import Transport
import ZeroMQ

/// Nodes come, answer and go.
extension Cluster {
    func handle(_ envelope: Envelope, from peer: NodeID, at now: ContinuousClock.Instant) throws {
        if case .join(let join) = envelope.header {
            guard join.build == Program.build else {
                return try refuse(
                    peer, RunFailure(.clusterUnreachable, "it is build \(join.build), this is \(Program.build)"))
            }
            guard join.fingerprint == fingerprint || trust.allowsOtherBits else {
                return try refuse(
                    peer,
                    RunFailure(
                        .clusterUnreachable,
                        "\(difference(of: join)); was it built with another compiler? if not, check its hardware; only with "
                            + "--allow-other-bits would it be taken in"
                    ))
            }
            switch join.role {
            case .worker: try takeIn(peer, join, at: now)
            case .parameterServer:
                try servers.join(
                    peer, join, host: envelope.peerAddress,
                    difference: join.fingerprint == fingerprint ? nil : difference(of: join), at: now)
            }
            return
        }
        if servers.contains(peer) {
            servers.heard(from: peer, at: now)
            if case .leave = envelope.header { return try servers.leave(peer) }
            return try handle(envelope, fromServer: peer, at: now)
        }
        guard envelope.run == run, roster.contains(peer) else {
            // It thinks that it takes part: after a pause, or since before this coordinator was started.
            if case .heartbeat = envelope.header, !roster.contains(peer) {
                try workers.socket.send(.leave(finishing: []), run: envelope.run, to: peer)
            }
            return
        }
        roster.heard(from: peer, at: now)
        switch envelope.header {
        case .heartbeat(let held, let sent): scheduler.heartbeat(of: peer, held: held, sent: sent, at: now)
        case .scores(let id): scored(id, envelope.tensors.first, at: now)
        case .audited(let id, let digests):
            guard isOfItsRound(id) else { break }
            scheduler.audited(id, digests: digests, at: now)
            patience.reset(at: now)
        case .failure(let id, let reason):
            guard id.round == scheduler.current, isOfItsRound(id) else { break }
            // A processor may be at fault. If it is the model, another computation fails too.
            guard !rounds[id.round]!.failedShards.insert(id.shard).inserted else {
                let name = rounds[id.round]!.name(ofShard: id.shard)
                log.warning("\(peer): \(name) failed: \(reason); it is computed again")
                scheduler.fail(id, at: now)
                break
            }
            failure = ShardFailure(rounds[id.round]!, shard: id.shard, worker: peer.name, reason: reason)
        case .leave(let finishing): leave(peer, finishing, at: now)
        default: break
        }
    }

    /// What a parameter server says; nil is the one of this process.
    func handle(_ envelope: Envelope, fromServer peer: NodeID?, at now: ContinuousClock.Instant) throws {
        guard envelope.run == run, let part = servers.part(of: peer) else { return }
        patience.reset(at: now)
        switch envelope.header {
        case .arrived(let id, let result, let digest):
            guard isOfItsRound(id) else { return scheduler.fail(id, at: now) }
            if rounds[id.round]!.training[id.shard] == nil { rounds[id.round]!.training[id.shard] = result }
            scheduler.result(id, part: part, digest: digest, at: now)
        case .rejected(let id, _): scheduler.fail(id, at: now)
        case .failure(let id, let reason):
            switch ServerFailure(id) {
            case .lost: try servers.handle(envelope, from: part)
            case .overflow(let step): failure = StepFailure(step: step, isApplied: false, reason: reason)
            case .divergence(let step): failure = StepFailure(step: step, isApplied: true, reason: reason)
            }
        default: try servers.handle(envelope, from: part)
        }
    }

    /// Does the attempt belong to a round that is open, as it was opened last? What comes from outside may name any.
    private func isOfItsRound(_ id: ShardAttempt) -> Bool {
        guard let round = rounds[id.round] else { return false }
        return round.shards.indices.contains(id.shard) && id.attempt >= round.firstAttempt
    }

    /// A worker's probabilities of a shard; they count if they are the first and fit.
    private func scored(_ id: ShardAttempt, _ frame: Message?, at now: ContinuousClock.Instant) {
        guard let round = rounds[id.round], round.kind == .score, isOfItsRound(id), let frame,
            let floats = FloatFrame(frame, count: round.shards[id.shard].count * classes)
        else { return }
        if round.probabilities[id.shard] == nil { rounds[id.round]!.probabilities[id.shard] = floats.array }
        scheduler.result(id, part: 0, digest: floats.digest, at: now)
        patience.reset(at: now)
    }

    // MARK: Coming and going

    private func takeIn(_ peer: NodeID, _ join: Header.Join, at now: ContinuousClock.Instant) throws {
        guard (1...4096).contains(join.lanes) else {
            return try refuse(peer, RunFailure(.clusterUnreachable, "\(join.lanes) lanes are not between 1 and 4096"))
        }
        if roster.rival(of: peer, at: now, within: Heartbeat.lease / 2) != nil {
            // A worker that was started anew asks again until its former self has been silent for a while.
            if waitingPeers.isFirst(peer) {
                log.info("\(peer) asks to join under a name that is in use; it waits until the other one is silent")
            }
            return
        }
        guard local != nil || !scheduler.isDismissed(peer.name) else {
            return try refuse(
                peer,
                RunFailure(.clusterUnreachable, "a worker of this name computed wrong results; check its hardware"))
        }
        let isMember = roster.contains(peer)
        // A worker that joins again, itself or its successor, has forgotten its shards.
        let former = roster.join(peer, at: now) + [peer]
        if everyone.insert(peer.name).inserted {
            let lanes = "\(join.lanes) lane\(join.lanes == 1 ? "" : "s")"
            log.info("\(peer) joins: \(lanes) on \(join.host), process \(join.process), \(join.arithmetic)")
        } else if !isMember {
            log.info("\(peer) joins again, process \(join.process)")
        }
        if join.fingerprint != fingerprint { log.warning("\(difference(of: join)); its results count all the same") }
        try welcome(peer)
        scheduler.join(peer, lanes: join.lanes, fingerprint: join.fingerprint, replacing: former, at: now)
    }

    /// How the bits differ that a node computes.
    private func difference(of join: Header.Join) -> String {
        "the arithmetic of \(join.name) (\(join.arithmetic)) differs from the coordinator's (kernels: "
            + "\(Processor.current.rawValue), fingerprint \(fingerprint.prefix(12)))"
    }

    /// Each time that it asks: an answer may be lost.
    func refuse(_ peer: NodeID, _ error: any Error) throws {
        if refusedPeers.isFirst(peer) { log.warning("\(peer) is refused: \(error)") }
        try workers.socket.send(.refusal(reason: "\(error)"), run: run, to: peer)
    }

    private func leave(_ peer: NodeID, _ finishing: [ShardAttempt], at now: ContinuousClock.Instant) {
        guard finishing.isEmpty else { return scheduler.retire(peer, finishing: finishing, at: now) }
        log.info("\(peer) leaves")
        roster.leave(peer)
        // What it pushed last may come after its goodbye, and counts.
        scheduler.lose(peer, at: now)
    }

    func buryTheDead(at now: ContinuousClock.Instant) throws {
        for (name, cause) in try local?.replaceTheDead(at: now) ?? [] {
            for id in roster.inOrder where id.name == name { lose(id, "ended by \(cause)") }
        }
        for (id, silence) in roster.expire(at: now) { lose(id, "has been silent for \(silence.spoken)") }
        servers.buryTheDead(at: now)
    }

    func lose(_ id: NodeID, _ cause: String) {
        roster.leave(id)
        lostWorkers += 1
        let shards = scheduler.lose(id, at: .now)
        log.warning("\(id) \(cause)\(shards.isEmpty ? "" : "; its shards \(shards) go to others")")
    }
}

extension Header.Join {
    /// What a node computes with, and what tells its bits.
    var arithmetic: String { "\(processor), kernels: \(kernels), fingerprint \(fingerprint.prefix(12))" }
}
