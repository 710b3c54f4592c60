import ClusterLogic
import Messages
import Transport
import ZeroMQ

/// What the scheduler decides is done.
extension Cluster {
    func carryOut(_ command: Scheduler.Command) throws {
        switch command {
        case .assign(let id, let purpose, let node): try assign(id, isAudit: purpose == .audit, to: node)
        case .cancel(let id, let node):
            rounds[id.round]?.handedOut.remove(id)
            try workers.socket.send(.cancel(id), run: run, to: node)
        case .close(let number):
            guard rounds[number]?.kind == .train else { return scheduler.advance(at: .now) }
            servers.steps.close(number)
        case .restart(let number, let firstAttempt):
            rounds[number]!.restart(firstAttempt: firstAttempt)
            log.error("step \(number) is computed again, for a wrong result was among those counted")
            if rounds[number]!.kind == .train { try servers.restart(number, firstAttempt: firstAttempt) }
        case .report(let found):
            disagreements += 1
            let names = Set(found.nodes.map(\.name)).sorted().joined(separator: " and ")
            let shard = "shard \(found.shard) of step \(found.round)"
            log.error(
                "silent data corruption: \(names) came to different results for \(shard); another computation settles it"
            )
        case .convict(let node, let id, let strikes):
            log.error("\(node) computed \(id) wrongly (\(strikes) so far); all its shards are audited from now on")
        case .dismiss(let node):
            log.error("\(node) is dismissed: its processor or memory cannot be trusted")
            try workers.socket.send(
                .refusal(reason: "it computed wrong results; check its processor and memory"), run: run, to: node)
            lose(node, "was dismissed")
        case .abandon(let id):
            guard let round = rounds[id.round] else { break }
            failure = ShardFailure(
                round, shard: id.shard, worker: "any worker", reason: "it comes out different each time")
        }
    }

    /// Sends a shard to a worker.
    private func assign(_ id: ShardAttempt, isAudit: Bool, to node: NodeID) throws {
        guard let round = rounds[id.round], let tensors = loader.tensors(round: id.round, shard: id.shard) else {
            preconditionFailure("\(id) was assigned before it was ready")
        }
        var frames = [try FloatFrame(tensors.images).message(), try tensors.labels.withUnsafeBytes { try Message($0) }]
        if let weights = tensors.weights { frames.append(try weights.withUnsafeBytes { try Message($0) }) }
        if !isAudit { rounds[id.round]!.handedOut.insert(id) }
        let isSent = try workers.socket.send(
            .assignment(round.assignment(id, isAudit: isAudit)), run: run, tensors: frames, to: node)
        if !isSent && roster.contains(node) { lose(node, "is not connected any more") }
    }
}
