import ClusterLogic
import Foundation
import Messages
import Parameters
import Programs
import TensorCore
import Training
import Transport
import Workers
import ZeroMQ

/// Any number of workers in one thread, for measuring a coordinator and parameter servers: their sockets and messages
/// are real, but instead of computing they push a gradient that was recorded before.
public final class SimulatedWorkers {
    private let endpoint: String
    private let lanes: Int
    private let fingerprint: String
    private let context: Context
    private var workers: [SimulatedWorker] = []
    private var recorded: (ranges: [Range<Int>], shard: Recorded)?

    private struct Recorded {
        let result: Header.TrainingResult
        /// For each server.
        let parts: [Part]

        struct Part {
            let gradient: UInt64
            let digest: UInt64
            let pieces: [(first: Int, frame: Message)]
            /// Of the push.
            let frames: [Message]
        }
    }

    private final class SimulatedWorker {
        let id: NodeID
        let coordinator: Socket
        var servers: [SocketBox] = []
        var run: UInt64 = 0
        /// What the servers have, each as far as is known.
        var versions: [UInt64?] = []
        var requested: UInt64?
        var waiting: [Header.Assignment] = []

        /// What all servers have.
        var version: UInt64? { versions.contains(nil) ? nil : versions.compactMap(\.self).min() }

        init(_ id: NodeID, _ coordinator: consuming Socket) {
            self.id = id
            self.coordinator = coordinator
        }
    }

    /// Each worker has so many lanes, and sends what they have as one sum where it can.
    public init(count: Int, lanes: Int, endpoint: String) throws {
        self.endpoint = endpoint
        self.lanes = lanes
        fingerprint = try Fingerprint.compute()
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
                nextHeartbeat = .now + Heartbeat.interval
            }
            var poller = Poller()
            for worker in workers {
                poller.add(worker.coordinator)
                for server in worker.servers { poller.add(server.socket) }
            }
            _ = try poller.wait(timeout: ContinuousClock.now.duration(to: nextHeartbeat))
            workers = try workers.filter { try serve($0) }
        }
    }

    private func sendHeartbeat(of worker: SimulatedWorker) throws {
        guard worker.servers.isEmpty else {
            return try worker.coordinator.offer(
                .heartbeat(held: worker.waiting.map(\.id), sent: []), run: worker.run)
        }
        var join = Header.Join(
            role: .worker, name: worker.id.name, host: "simulated", process: 1, build: Program.build, processor: "none")
        (join.lanes, join.fingerprint) = (lanes, fingerprint)
        try worker.coordinator.offer(.join(join), run: 0)
    }

    /// Takes what has come; false when it was the last.
    private func serve(_ worker: SimulatedWorker) throws -> Bool {
        while let envelope = try worker.coordinator.receiveEnvelope() {
            switch envelope.header {
            case .welcome(let configuration, _, let servers): try begin(envelope.run, configuration, servers, worker)
            case .assignment(let assignment): worker.waiting.append(assignment)
            case .cancel(let id): worker.waiting.removeAll { $0.id == id }
            case .stop: return false
            default: break
            }
        }
        for (index, server) in worker.servers.enumerated() {
            while let envelope = try server.socket.receiveEnvelope() {
                guard envelope.run == worker.run, case .parameters(let version, _, _, _) = envelope.header else {
                    continue
                }
                worker.versions[index] = version
            }
        }
        while let next = worker.waiting.first(where: { $0.version == worker.version }) {
            let ready = worker.waiting.filter { $0.version == next.version }.map(\.id)
            let shards = Subtree(with: next.id.shard, among: Set(ready.map(\.shard))).shards
            try push(ready.filter { shards.contains($0.shard) }.sorted { $0.shard < $1.shard }, of: worker)
            worker.waiting.removeAll { shards.contains($0.id.shard) && $0.version == next.version }
        }
        if let next = worker.waiting.map(\.version).min(), worker.requested != next {
            worker.requested = next
            for server in worker.servers {
                try server.socket.offer(.pull(version: next, 0..<0, ofVelocity: false), run: worker.run)
            }
        }
        return true
    }

    private func begin(
        _ run: UInt64, _ configuration: [UInt8], _ servers: [Header.Server], _ worker: SimulatedWorker
    ) throws {
        guard worker.run != run else { return }
        (worker.run, worker.versions, worker.requested, worker.waiting) = (run, servers.map { _ in nil }, nil, [])
        let ranges = servers.map(\.range)
        if recorded?.ranges != ranges { recorded = (ranges, try Self.record(configuration, ranges)) }
        worker.servers = try servers.map {
            // A connection of the former placement may still be closing.
            let id = NodeID(name: worker.id.name, incarnation: .random(in: 1 ... .max))
            let socket = try Socket(
                .dealer, in: context,
                options: Wire.options + [.routingID(id.routingID), .linger(.zero), .sendHighWaterMark(0)])
            try socket.connect(to: Wire.resolve($0.endpoint, reachedAt: Wire.split(endpoint)?.host))
            return SocketBox(socket)
        }
    }

    private func push(_ ids: [ShardAttempt], of worker: SimulatedWorker) throws {
        let shard = recorded!.shard
        for (server, part) in zip(worker.servers, shard.parts) {
            for piece in part.pieces {
                try server.socket.send(.gradient(ids[0], first: piece.first), run: worker.run, tensors: [piece.frame])
            }
            let results = ids.map {
                Header.ShardResult(id: $0, result: shard.result, gradient: part.gradient, digest: part.digest)
            }
            try server.socket.send(
                .push(results, gradient: part.gradient, memory: nil), run: worker.run,
                tensors: ids.flatMap { _ in part.frames })
        }
    }

    /// Computes the push of one shard.
    private static func record(_ bytes: [UInt8], _ ranges: [Range<Int>]) throws -> Recorded {
        let configuration = try JSONDecoder().decode(WorkerConfiguration.self, from: Data(bytes))
        let network = Network.attentionUNet(configuration.model)
        let layout = network.parameterLayout
        let assignment = Header.Assignment(
            kind: .train, id: ShardAttempt(round: 0, shard: 0, attempt: 1), version: 0, roundSamples: 1, samples: [0])
        let images = FloatBuffer(count: network.shape(of: network.input).count)
        let task = LaneTask(
            assignment: assignment, run: 0, tensors: [try FloatFrame(images).message(), try Message([0, 0, 0, 0])],
            parameters: ArrivingParameters(FloatFrame(layout.initialParameters(seed: 1))), ranges: ranges)
        var pieces: [LaneAnswer.Piece] = []
        let computation = try ShardComputation(
            configuration, lane: "lane", corruptEvery: nil, ask: { $0.giveUp() },
            send: { piece, _ in pieces.append(piece) })
        guard case .pushes(let shards, _) = try computation.compute(task) else {
            throw RunFailure(.internalError, "the gradient to be recorded cannot be computed")
        }
        return Recorded(
            result: shards[0].result,
            parts: try shards[0].pushes.enumerated().map { server, push in
                Recorded.Part(
                    gradient: push.gradient, digest: push.digest,
                    pieces: try pieces.filter { $0.server == server }.map { ($0.first, try $0.floats.message()) },
                    frames: try push.floats.map { try $0.message() })
            })
    }
}
