import ClusterLogic
import Foundation
import Messages
import Parameters
import TensorCore
import Training
import ZeroMQ

/// Any number of workers in one thread, for measuring a coordinator: their sockets and messages are real, but instead of
/// computing they push a gradient that was recorded before.
public final class SimulatedWorkers {
    private let endpoint: String
    private let context: Context
    private var workers: [SimulatedWorker] = []
    private var recorded: Recorded?

    private struct Recorded {
        let result: Header.TrainingResult
        let digest: UInt64
        let pieces: [(first: Int, frame: Message)]
        /// Of the push.
        let frames: [Message]
    }

    private final class SimulatedWorker {
        let id: NodeID
        let coordinator: Socket
        var server: SocketBox?
        var run: UInt64 = 0
        var version: UInt64?
        var requested: UInt64?
        var waiting: [Header.Assignment] = []

        init(_ id: NodeID, _ coordinator: consuming Socket) {
            self.id = id
            self.coordinator = coordinator
        }
    }

    public init(count: Int, endpoint: String) throws {
        self.endpoint = endpoint
        context = try Context()
        for index in 0..<count {
            let id = NodeID(name: "simulated-\(index)", incarnation: UInt64(index) + 1)
            let socket = try Socket(
                .dealer, in: context, options: Wire.options + [.routingID(id.routingID), .linger(.zero)])
            try socket.connect(to: endpoint)
            workers.append(SimulatedWorker(id, socket))
        }
    }

    /// Works until all are told to stop.
    public func work() throws {
        var nextHeartbeat = ContinuousClock.now
        while !workers.isEmpty {
            if ContinuousClock.now >= nextHeartbeat {
                for worker in workers { try sendHeartbeat(of: worker) }
                nextHeartbeat = .now + CoordinatorLink.heartbeatInterval
            }
            var poller = Poller()
            for worker in workers {
                poller.add(worker.coordinator)
                if let server = worker.server { poller.add(server.socket) }
            }
            _ = try poller.wait(timeout: ContinuousClock.now.duration(to: nextHeartbeat))
            workers = try workers.filter { try serve($0) }
        }
    }

    private func sendHeartbeat(of worker: SimulatedWorker) throws {
        guard worker.server == nil else {
            return try worker.coordinator.offer(
                .heartbeat(held: worker.waiting.map(\.id), sent: []), run: worker.run)
        }
        var join = Header.Join(
            role: .worker, name: worker.id.name, host: "simulated", process: 1, build: Wire.build, processor: "none")
        (join.lanes, join.fingerprint) = (1, "none")
        try worker.coordinator.offer(.join(join), run: 0)
    }

    /// Takes what has come; false when it was the last.
    private func serve(_ worker: SimulatedWorker) throws -> Bool {
        while let envelope = try worker.coordinator.receiveEnvelope() {
            switch envelope.header {
            case .welcome(let configuration, _, let servers):
                guard worker.server == nil else { continue }
                worker.run = envelope.run
                if recorded == nil { recorded = try Self.record(configuration) }
                let socket = try Socket(
                    .dealer, in: context, options: Wire.options + [.routingID(worker.id.routingID), .linger(.zero)])
                try socket.connect(to: Wire.resolve(servers[0].endpoint, reachedAt: Wire.split(endpoint)?.host))
                worker.server = SocketBox(socket)
            case .assignment(let assignment): worker.waiting.append(assignment)
            case .cancel(let id): worker.waiting.removeAll { $0.id == id }
            case .stop: return false
            default: break
            }
        }
        guard let server = worker.server else { return true }
        while let envelope = try server.socket.receiveEnvelope() {
            if case .parameters(let version, _, _, _) = envelope.header { worker.version = version }
        }
        while let index = worker.waiting.firstIndex(where: { $0.version == worker.version }) {
            let id = worker.waiting.remove(at: index).id
            for piece in recorded!.pieces {
                try server.socket.send(.gradient(id, first: piece.first), run: worker.run, tensors: [piece.frame])
            }
            try server.socket.send(
                .push(id, recorded!.result, digest: recorded!.digest, memory: nil), run: worker.run,
                tensors: recorded!.frames)
        }
        if let next = worker.waiting.map(\.version).min(), worker.requested != next {
            worker.requested = next
            try server.socket.offer(.pull(version: next, 0..<0, ofVelocity: false), run: worker.run)
        }
        return true
    }

    /// Computes the push of one shard.
    private static func record(_ bytes: [UInt8]) throws -> Recorded {
        let configuration = try JSONDecoder().decode(WorkerConfiguration.self, from: Data(bytes))
        let network = Network.attentionUNet(configuration.model)
        let layout = network.parameterLayout
        let assignment = Header.Assignment(
            kind: .train, id: ShardAttempt(round: 0, shard: 0, attempt: 1), version: 0, roundSamples: 1, samples: [0])
        let images = FloatBuffer(count: network.shape(of: network.input).count)
        let task = LaneTask(
            assignment: assignment, run: 0, tensors: [try FloatFrame(images).message(), try Message([0, 0, 0, 0])],
            parameters: ArrivingParameters(FloatFrame(layout.initialParameters(seed: 1))), ranges: [0..<layout.count])
        var pieces: [LaneAnswer.Piece] = []
        let computation = try ShardComputation(
            configuration, lane: "lane", corruptEvery: nil, ask: { $0.giveUp() },
            send: { piece, _ in pieces.append(piece) })
        guard case .pushes(let result, let pushes) = try computation.compute(task) else {
            throw RunFailure(.internalError, "the gradient to be recorded cannot be computed")
        }
        return Recorded(
            result: result, digest: pushes[0].digest,
            pieces: try pieces.map { ($0.first, try $0.floats.message()) },
            frames: try pushes[0].floats.map { try $0.message() })
    }
}
