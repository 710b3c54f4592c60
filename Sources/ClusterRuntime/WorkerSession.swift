import AttentionUNet
import ClusterLogic
import Foundation
import Logging
import Messages
import Synchronization
import Training
import ZeroMQ

/// A worker's part in one run: its lanes, and the parameters they share.
final class WorkerSession {
    let run: UInt64
    private let log: Logger
    private let server: SocketBox
    private var lanes: [LaneLink] = []
    /// Assignments without a lane or without their parameters yet.
    private var waiting: [(assignment: Header.Assignment, tensors: [Message])] = []
    private var parameters: (version: UInt64, frame: Message)?
    private var requestedVersion: UInt64?
    private let serverEndpoint: String
    private var patience = Patience(at: .now)
    private static let numbers = Atomic(0)

    private final class LaneLink {
        let socket: Socket
        var isIdle = true
        let ended = DispatchSemaphore(value: 0)

        init(_ socket: consuming Socket) { self.socket = socket }
    }

    init(
        _ configuration: WorkerConfiguration, id: NodeID, lanes count: Int, parameterServer: String, context: Context,
        log: Logger
    ) throws {
        run = configuration.run
        self.log = log
        serverEndpoint = parameterServer
        // A former session's sockets may not be quite closed yet.
        let number = Self.numbers.add(1, ordering: .relaxed).newValue
        server = SocketBox(
            try Socket(.dealer, in: context, options: Wire.options + [.routingID(id.routingID), .linger(.zero)]))
        try server.socket.connect(to: parameterServer)
        for index in 0..<count {
            let endpoint = "inproc://lane-\(number)-\(index)"
            let link = LaneLink(try Socket(.pair, in: context, options: [.linger(.zero)]))
            try link.socket.bind(to: endpoint)
            lanes.append(link)
            let ended = link.ended
            Wire.startThread(named: "lane-\(index)") {
                defer { ended.signal() }
                do {
                    let socket = try Socket(.pair, in: context, options: [.linger(.seconds(1))])
                    try socket.connect(to: endpoint)
                    try Lane(configuration: configuration, socket: socket).work()
                } catch {
                    // Without its lane a worker is of no use, and the coordinator notices its end at once.
                    Wire.exit(.internalError, "lane \(index): \(error)")
                }
            }
        }
    }

    func sendHeartbeat(to coordinator: SocketBox) throws {
        let idle = lanes.count { $0.isIdle } - waiting.count
        try coordinator.socket.offer(.heartbeat(idleLanes: max(idle, 0)), run: run)
    }

    func addSockets(to poller: inout Poller) {
        poller.add(server.socket)
        for lane in lanes { poller.add(lane.socket) }
    }

    /// An assignment of the coordinator, for which a lane is idle.
    func take(_ assignment: Header.Assignment, _ envelope: Envelope, coordinator: SocketBox) throws {
        waiting.append((assignment, envelope.tensors))
        try dispatch(coordinator)
    }

    /// Passes on what the lanes and the parameter server have sent.
    func forwardResults(to coordinator: SocketBox) throws {
        for lane in lanes {
            while let envelope = try lane.socket.receiveEnvelope() {
                lane.isIdle = true
                switch envelope.header {
                case .push: try server.socket.send(envelope.header, run: run, tensors: envelope.tensors)
                default: try coordinator.socket.send(envelope.header, run: run, tensors: envelope.tensors)
                }
                try coordinator.socket.send(.ready(lanes: 1), run: run)
            }
        }
        while let envelope = try receiveFromServer() {
            guard envelope.run == run, case .parameters(let version) = envelope.header,
                let frame = envelope.tensors.first
            else { continue }
            parameters = (version, frame)
            requestedVersion = nil
        }
        try dispatch(coordinator)
    }

    /// Stops the lanes, each after the shard it computes.
    func end() throws {
        for lane in lanes { try lane.socket.send(.stop(reason: ""), run: run) }
        for lane in lanes { lane.ended.wait() }
        lanes = []
    }

    /// Asks for parameters, and says so while none come. A request may have been lost, so it is repeated now and then.
    private func request(_ version: UInt64) throws {
        let now = ContinuousClock.now
        if requestedVersion != version {
            requestedVersion = version
            parameters = nil  // The memory goes before the new parameters come.
            patience.reset(at: now)
            return try server.socket.offer(.pull(version: version, withVelocity: false), run: run)
        }
        guard let waited = patience.complaint(at: now) else { return }
        log.info(
            "waiting for \(waited.spoken): parameters of step \(version) from \(serverEndpoint); is its port open?")
        if waited >= .seconds(30) { try server.socket.offer(.pull(version: version, withVelocity: false), run: run) }
    }

    private func receiveFromServer() throws -> Envelope? {
        do {
            return try server.socket.receiveEnvelope()
        } catch let error as HeaderError {
            log.warning("parameter server: \(error); dropped")
            return nil
        }
    }

    /// Gives idle lanes the assignments whose parameters are there, and asks for those that are not.
    private func dispatch(_ coordinator: SocketBox) throws {
        while let next = waiting.first {
            let version = next.assignment.version
            if let parameters, parameters.version == version {
                guard let lane = lanes.first(where: { $0.isIdle }) else { return }
                lane.isIdle = false
                waiting.removeFirst()
                try lane.socket.send(
                    .assignment(next.assignment), run: run, tensors: next.tensors + [parameters.frame])
            } else if let parameters, parameters.version > version {
                // The step went on without this worker.
                waiting.removeFirst()
                try coordinator.socket.send(.ready(lanes: 1), run: run)
            } else {
                return try request(version)
            }
        }
    }
}
