import ClusterLogic
import Foundation
import Kernels
import Messages
import Parameters
import Programs
import TensorCore
import Transport
import ZeroMQ

/// Products with the rows of the factored kernel that the server holds.
extension ParameterServer {
    func placeKernel(_ range: Range<Int>) {
        let rows = layout.rows(in: range)
        guard configuration.densePlacement == .server, !rows.isEmpty else { return }
        kernel = PlacedKernel(
            FactoredDense(depth: rows.count, width: layout.factored!.shape[1]),
            SlicedSum.Slice(layout.blocks(in: range), of: layout.blocks),
            sharesMemory: configuration.sharesMemory, cores: Cores.available,
            waking: wakeup)
        startKernel()
    }

    /// The rows are the kernel's until the next step; with one, they take it as they are needed.
    func startKernel(after step: KernelPasses.Step? = nil) {
        guard let kernel, let part else { return }
        kernel.start(part.state.parameters.base + layout.placeOfRows(in: part.range), after: step)
    }

    /// What comes back to the worker when its product is computed.
    func multiply(
        _ envelope: Envelope, _ id: ShardAttempt, with kernel: PlacedKernel, for peer: NodeID
    ) throws {
        var answer: PlacedKernel.Answer?
        switch envelope.header {
        case .multiply(_, _, let samples, let isKept, let core, let digest, let memory):
            guard samples > 0, samples <= configuration.shardSize else {
                return reportForeign(peer, "a product of \(samples) samples")
            }
            let x: FloatFrame
            if let known = kernel.shard(id) {
                x = known.x
            } else if let memory, configuration.sharesMemory {
                guard let lent = maps.floats(memory), lent.count >= samples * kernel.rows else { return }
                x = FloatFrame(lent, 0..<samples * kernel.rows)
            } else {
                guard let frame = envelope.tensors.first, let unpacked = try kernel.unpack(frame, samples: samples)
                else { return reportForeign(peer, "inputs of another model") }
                guard unpacked.digest == digest else { return try reportDamaged(id, from: peer) }
                x = unpacked
            }
            answer = try kernel.multiply(
                id, of: peer, samples: samples, isKept: isKept, core: core, x: x, digest: digest)
        case .multiplyTransposed(_, _, let digest):
            guard let shard = kernel.shard(id) else { return try decline(id, "its inputs are not here", to: peer) }
            guard let frame = envelope.tensors.first, let d = FloatFrame(frame, count: shard.samples * kernel.width)
            else { return reportForeign(peer, "errors of another model") }
            guard d.digest == digest else { return try reportDamaged(id, from: peer) }
            answer = try kernel.multiplyTransposed(id, d: d, digest: digest)
        default: break
        }
        if let answer { try send(answer) }
    }

    func send(_ answer: PlacedKernel.Answer) throws {
        // If it is not connected just now, it asks again.
        try workers.send(answer.header, run: run, tensors: answer.tensors, to: answer.peer)
    }

    /// The shard's attempt is given up, at its worker and at the coordinator, which hands the shard out anew if it is
    /// still wanted.
    func decline(_ id: ShardAttempt, _ reason: String, to peer: NodeID) throws {
        try workers.send(.rejected(id, reason: reason), run: run, to: peer)
        try coordinator.send(.rejected(id, reason: reason), run: run)
    }

    private func reportDamaged(_ id: ShardAttempt, from peer: NodeID) throws {
        log.warning("\(peer): a factor of \(id) was damaged on its way; the shard is computed again")
        try decline(id, "it was damaged on its way", to: peer)
    }
}
