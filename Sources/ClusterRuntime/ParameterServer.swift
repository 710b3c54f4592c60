import ClusterLogic
import Foundation
import Kernels
import Logging
import Messages
import Optimization
import Parameters
import ZeroMQ

/// The parameters after a number of steps.
public struct ParameterState: Sendable {
    /// Steps applied.
    public var version: UInt64
    public var parameters: FloatBuffer
    /// The optimizer's, in the same layout; nil without momentum.
    public var velocity: FloatBuffer?

    public init(version: UInt64, parameters: FloatBuffer, velocity: FloatBuffer?) {
        self.version = version
        self.parameters = parameters
        self.velocity = velocity
    }
}

/// Holds the parameters, adds the shards' gradients in the fixed tree, applies each step and gives the new parameters
/// to whoever asks.
///
/// One thread with two sockets: a router for the workers, and one for the coordinator.
final class ParameterServer {
    private let layout: ParameterLayout
    private let optimizer: SGD
    private let totalSteps: UInt64
    private let run: UInt64
    private let log: Logger
    private let workers: Socket
    private let coordinator: Socket
    private var state: ParameterState
    private var spare: FloatBuffer?
    private var round: Round?
    /// The pushes of the open round by shard. The sum of a complete sub-tree is at its first shard.
    private var pushes: [Int: PushedShard] = [:]
    private var sums: BufferPool
    private var waiting: [NodeID: UInt64] = [:]
    private var foreignPeers: Set<NodeID> = []

    fileprivate struct PushedShard {
        let samples: Int
        var sum: Sum
        let x: FloatFrame
        let d: FloatFrame
    }

    fileprivate enum Sum {
        case received(FloatFrame)
        case added(FloatBuffer)
        case taken  // By the sum of a larger sub-tree.
    }

    /// `workers` must be bound and `coordinator` connected; both were made on the calling thread.
    init(
        layout: ParameterLayout, optimizer: SGD, totalSteps: UInt64, run: UInt64, state: ParameterState,
        workers: consuming Socket,
        coordinator: consuming Socket, log: Logger
    ) {
        self.layout = layout
        self.optimizer = optimizer
        self.totalSteps = totalSteps
        self.run = run
        self.state = state
        self.workers = workers
        self.coordinator = coordinator
        self.log = log
        sums = BufferPool(count: layout.gradientCount)
    }

    /// Serves until the coordinator says stop or the context is shut down.
    func serve() throws {
        var poller = Poller()
        poller.add(coordinator)
        poller.add(workers)
        while true {
            _ = try poller.wait()
            // The coordinator's messages come first: it opens a round before it hands out its shards.
            while let envelope = try coordinator.receiveEnvelope() {
                guard try handle(envelope) else { return }
            }
            while let (peer, result) = try workers.receiveFromPeer() {
                switch result {
                case .success(let envelope): try handle(envelope, from: peer)
                case .failure(let error): reportForeign(peer, "\(error)")
                }
            }
        }
    }

    /// A message of the coordinator; false when it was the last.
    private func handle(_ envelope: Envelope) throws -> Bool {
        switch envelope.header {
        case .openRound(let number, let shards):
            precondition(number == state.version, "round \(number) opened at version \(state.version)")
            round = Round(number: number, shards: shards)
            pushes = [:]
        case .pull(_, let withVelocity):
            let velocity = withVelocity ? state.velocity : nil
            try coordinator.send(
                .parameters(version: state.version), run: run,
                tensors: [try state.parameters.frame()] + (velocity.map { [try copy($0).frame()] } ?? []))
        case .stop: return false
        default: break
        }
        return true
    }

    private func handle(_ envelope: Envelope, from peer: NodeID) throws {
        guard envelope.run == run else { return }  // A late message of a former run.
        switch envelope.header {
        case .pull(let version, _):
            waiting[peer] = version
            try publish()
        case .push(let id, let result):
            guard let push = PushedShard(envelope.tensors, result, layout) else {
                return reportForeign(peer, "a gradient of another model")
            }
            try receive(push, id, result, from: peer)
        default: reportForeign(peer, "a message that is not for a parameter server")
        }
    }

    private func receive(_ push: PushedShard, _ id: ShardAttempt, _ result: Header.TrainingResult, from peer: NodeID)
        throws
    {
        switch round?.receive(round: id.round, shard: id.shard) {
        case .accept(let merges, let isComplete):
            pushes[id.shard] = push
            for merge in merges { add(merge) }
            try coordinator.send(.arrived(id, result, worker: peer.name), run: run)
            if isComplete { try finishRound() }
        case .ignore(let reason): log.debug("\(peer): \(id) ignored: \(reason)")
        case nil: log.debug("\(peer): \(id) ignored: no round is open")
        }
    }

    private func add(_ merge: ReductionTree.Merge) {
        let part = pushes[merge.from]!.sum.floats
        switch pushes[merge.into]!.sum {
        case .added(let sum): Kernels.add(part, to: sum.base, count: layout.gradientCount)
        case .received(let frame):
            let sum = sums.take()
            Kernels.add(frame.base, part, into: sum.base, count: layout.gradientCount)
            pushes[merge.into]!.sum = .added(sum)
        case .taken: preconditionFailure("the sum of shard \(merge.into) was added already")
        }
        pushes[merge.from]!.sum = .taken
    }

    /// Applies the step. The old parameters may still be on their way to somebody; then the new ones get a buffer of
    /// their own.
    private func finishRound() throws {
        let shards = pushes.keys.sorted().map { pushes[$0]! }
        let factors = shards.map { DenseFactors(samples: $0.samples, x: $0.x.base, d: $0.d.base) }
        let update = ParameterUpdate(
            layout: layout, optimizer: optimizer.at(step: state.version, of: totalSteps))
        let updated: FloatBuffer
        if isKnownUniquelyReferenced(&state.parameters) {
            updated = state.parameters
        } else if spare != nil && isKnownUniquelyReferenced(&spare!) {
            updated = spare!
        } else {
            updated = FloatBuffer(count: layout.count)
        }
        update.apply(
            to: state.parameters, gradient: shards[0].sum.floats, factors: factors, velocity: state.velocity,
            into: updated)
        if updated !== state.parameters { spare = state.parameters }
        state.parameters = updated
        state.version += 1
        round = nil
        pushes = [:]
        try coordinator.send(.updated(version: state.version), run: run)
        try publish()
    }

    /// Answers the workers whose version is there. A worker that asks for an older one gets the newest, and learns
    /// that its shard is out of date.
    private func publish() throws {
        for peer in waiting.keys.sorted() where waiting[peer]! <= state.version {
            // If it is not connected just now, it asks again.
            waiting[peer] = nil
            try workers.send(
                .parameters(version: state.version), run: run, tensors: [try state.parameters.frame()], to: peer)
        }
    }

    /// Velocity is changed in place by the next step, so a snapshot is a copy.
    private func copy(_ buffer: FloatBuffer) -> FloatBuffer {
        let copy = FloatBuffer(count: buffer.count)
        _ = copy.floats.update(fromContentsOf: buffer.floats)
        return copy
    }

    private func reportForeign(_ peer: NodeID, _ what: String) {
        guard foreignPeers.insert(peer).inserted else { return }
        log.warning("\(peer): \(what); dropped, and what follows of its kind")
    }
}

extension ParameterServer.PushedShard {
    /// nil unless the frames fit the layout.
    fileprivate init?(_ tensors: [Message], _ result: Header.TrainingResult, _ layout: ParameterLayout) {
        guard let factored = layout.factored, tensors.count == 3, result.samples > 0, result.samples <= 1 << 20,
            let gradient = FloatFrame(tensors[0], count: layout.gradientCount),
            let x = FloatFrame(tensors[1], count: result.samples * factored.shape[0]),
            let d = FloatFrame(tensors[2], count: result.samples * factored.shape[1])
        else { return nil }
        samples = result.samples
        sum = .received(gradient)
        self.x = x
        self.d = d
    }
}

extension ParameterServer.Sum {
    fileprivate var floats: UnsafePointer<Float> {
        switch self {
        case .received(let frame): frame.base
        case .added(let buffer): UnsafePointer(buffer.base)
        case .taken: preconditionFailure("this sum was added to another")
        }
    }
}
