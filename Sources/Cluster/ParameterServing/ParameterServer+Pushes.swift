import ClusterLogic
import Foundation
import Kernels
import Messages
import Parameters
import Training
import Transport
import ZeroMQ

/// What workers push: checked, added, reported to the coordinator, and refused where it does not count.
extension ParameterServer {
    /// A piece of a gradient, whose push says that all have been sent.
    func takePiece(
        _ envelope: Envelope, of id: ShardAttempt, first: Int, from peer: NodeID, _ part: ParameterPart
    ) {
        guard let count = part.pieces[first], envelope.tensors.count == 1,
            let floats = floats(of: envelope.tensors[0], count: count)
        else { return reportForeign(peer, "a gradient of another model") }
        guard life.expects(id) else { return }
        if pieces[id] == nil, pieces.count >= life.mostAttempts,
            let oldest = pieces.keys.min(by: { $0.attempt < $1.attempt })
        {
            pieces[oldest] = nil
        }
        pieces[id, default: [:]][first] = floats
        Timeline.note("a piece of shard \(id.shard)", on: "parameters")
    }

    /// Shards are computed: their gradient, or its sum, is here, in pieces or in shared memory.
    func take(
        _ envelope: Envelope, _ shards: [Header.ShardResult], _ digest: UInt64, _ memory: Header.Memory?,
        from peer: NodeID, _ part: ParameterPart
    ) throws {
        let ids = shards.map(\.id)
        if let memory, configuration.sharesMemory, maps.floats(memory) == nil {
            return try reject(ids, "its worker has ended", isHere: false, from: peer)
        }
        guard (1...configuration.shardsPerStep).contains(shards.count), Set(ids.map(\.shard)).count == ids.count,
            shards.allSatisfy({ (1...configuration.shardSize).contains($0.result.samples) }),
            let floats = floats(of: envelope, memory, samples: shards.map(\.result.samples))
        else { return reportForeign(peer, "a gradient of another model") }
        let gradient: [FloatFrame]
        let factors: [FloatFrame]
        if memory != nil {
            (gradient, factors) = (Array(floats.prefix(part.pieces.count)), Array(floats.dropFirst(part.pieces.count)))
        } else {
            let sent = pieces.removeValue(forKey: ids[0]) ?? [:]
            guard sent.count == part.pieces.count else {
                let known = ids.compactMap { part.pushed(shard: $0.shard) }
                if known.map(\.id) == ids {
                    // It came twice.
                    for shard in known { try report(shard.id, shard.result, shard.digest) }
                    return
                }
                log.debug("\(peer): a part of the gradient of \(ids[0]) was lost; it is computed again")
                return try reject(ids, "a part of its gradient was lost", from: peer)
            }
            (gradient, factors) = (sent.keys.sorted().map { sent[$0]! }, floats)
        }
        let sum = memory == nil ? GradientPieces.digest(of: gradient.map(\.digest)) : digest
        var isDamaged = sum != digest || shards.count == 1 && shards[0].gradient != digest
        let nothing = FloatFrame(FloatBuffer(count: 0))
        var pushed: [ParameterPart.PushedShard] = []
        for (index, shard) in shards.enumerated() {
            var (x, d, digests) = (nothing, nothing, (x: nothing.digest, d: nothing.digest))
            if let kernel {
                guard let held = kernel.shard(shard.id), held.samples == shard.result.samples, let brought = held.d
                else { return try reject(ids, "its factors are not here", from: peer) }
                (x, d, digests) = (held.x, brought, (held.xDigest, held.dDigest))
            } else if !factors.isEmpty {
                (x, d) = (factors[2 * index], factors[2 * index + 1])
                if memory == nil { digests = (x.digest, d.digest) }
            }
            if memory == nil {
                let digest = shard.result.digest(gradient: shard.gradient, x: digests.x, d: digests.d)
                isDamaged = isDamaged || digest != shard.digest
            }
            pushed.append(.init(id: shard.id, result: shard.result, digest: shard.digest, x: x, d: d))
        }
        if isDamaged {
            log.warning("\(peer): the gradient of \(ids[0]) was damaged on its way; it is computed again")
            return try reject(ids, "it was damaged on its way", from: peer)
        }
        try receive(pushed, gradient: gradient, from: peer, isLent: memory != nil, part)
    }

    /// The floats of a push: the gradient if it lies in shared memory, and each shard's x and d unless this server has
    /// them already; nil unless they fit.
    private func floats(of envelope: Envelope, _ memory: Header.Memory?, samples: [Int]) -> [FloatFrame]? {
        let counts = part!.pushCounts
        let factors =
            configuration.densePlacement == .worker ? samples.flatMap { [$0 * counts.x, $0 * counts.d] } : []
        guard let memory else {
            guard envelope.tensors.count == factors.count else { return nil }
            let floats = zip(envelope.tensors, factors).compactMap { FloatFrame($0, count: $1) }
            return floats.count == factors.count ? floats : nil
        }
        let sizes = part!.pieces.sorted { $0.key < $1.key }.map(\.value) + factors
        guard configuration.sharesMemory, samples.count == 1, memory.count >= sizes.reduce(0, +),
            let lent = maps.floats(memory)
        else { return nil }
        var end = 0
        return sizes.map { size in
            defer { end += size }
            return FloatFrame(lent, end..<end + size)
        }
    }

    /// A push that does not count: its shards are handed out again.
    private func reject(_ ids: [ShardAttempt], _ reason: String, isHere: Bool = true, from peer: NodeID) throws {
        for id in ids {
            try coordinator.send(.rejected(id, reason: reason), run: run)
            if isHere { try workers.send(.taken(id), run: run, to: peer) }
        }
    }

    /// Tells the coordinator of a result.
    private func report(_ id: ShardAttempt, _ result: Header.TrainingResult, _ digest: UInt64) throws {
        try coordinator.send(.arrived(id, result, digest: digest), run: run)
    }

    /// So many floats of a gradient, as they travel; nil unless they are so many.
    private func floats(of frame: Message, count: Int) -> FloatFrame? {
        guard configuration.gradientPrecision == .bf16 else { return FloatFrame(frame, count: count) }
        guard let packed = FloatFrame(frame, count: BFloat16.packedCount(count)) else { return nil }
        let buffer = FloatBuffer(count: count)
        withExtendedLifetime(packed) { BFloat16.unpack(packed.base, count: count, into: buffer.base) }
        return FloatFrame(buffer)
    }

    private func receive(
        _ shards: [ParameterPart.PushedShard], gradient: [FloatFrame], from peer: NodeID, isLent: Bool,
        _ part: ParameterPart
    ) throws {
        let ids = shards.map(\.id)
        let pushes = shards.map { ServerLife.Push($0.id, digest: $0.digest) }
        let reception = life.receive(pushes)
        switch reception {
        case .accept(let merges):
            try Timeline.measure("adds shard \(ids[0].shard)", on: "parameters") {
                try part.keep(shards, gradient: gradient, adding: merges)
            }
            if isLent { for id in ids { lenders[id] = peer } }
        case .compare: break
        case .ignore(let reason): log.debug("\(peer): \(ids[0]) ignored: \(reason)")
        }
        let results = Dictionary(shards.map { ($0.id, $0.result) }) { first, _ in first }
        for report in life.reports(on: pushes, reception) {
            switch report {
            case .arrived(let id, let digest):
                try self.report(id, results[id] ?? part.pushed(shard: id.shard)!.result, digest)
                // What lies in shared memory is needed until the step is taken.
                guard results[id] != nil, lenders[id] == nil else { continue }
                try workers.send(.taken(id), run: run, to: peer)
            case .rejected(let id, let reason): try reject([id], reason, from: peer)
            }
        }
    }
}
