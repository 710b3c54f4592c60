import AttentionUNet
import ClusterLogic
import Foundation
import Logging
import Messages
import Training
import ZeroMQ

public struct WorkerSettings: Sendable {
    public var coordinator: String
    public var name: String
    public var lanes: Int
    /// How long to try until a coordinator answers for the first time, and after one was lost.
    public var connectTimeout: Duration
    public var reconnectTimeout: Duration

    public init(
        coordinator: String, name: String, lanes: Int, connectTimeout: Duration = .seconds(30),
        reconnectTimeout: Duration = .seconds(600)
    ) {
        self.coordinator = coordinator
        self.name = name
        self.lanes = lanes
        self.connectTimeout = connectTimeout
        self.reconnectTimeout = reconnectTimeout
    }
}

/// A worker: one thread for messages, which never computes, and one for each lane.
///
/// It joins a coordinator, asks for as many shards as it has idle lanes, fetches the parameters they need from the
/// parameter server, and sends each lane's result on.
public final class Worker {
    static let heartbeatInterval = Duration.seconds(1)
    /// A coordinator that is silent for longer is lost; the worker joins anew, at the same place.
    static let coordinatorLease = Duration.seconds(5)

    private let settings: WorkerSettings
    private let id: NodeID
    private let context: Context
    private let log: Logger
    private let coordinator: SocketBox
    private var session: WorkerSession?
    private var lastHeard = ContinuousClock.now
    private var everJoined = false
    private var patience = Patience(at: .now)

    public init(_ settings: WorkerSettings, log: Logger) throws {
        self.settings = settings
        self.log = log
        if let (_, port) = Wire.split(settings.coordinator), UInt16(port) ?? 0 == 0 {
            throw RunFailure(
                .unusableArguments, "--connect \(settings.coordinator): the port must be a number from 1 to 65535")
        }
        id = NodeID(name: settings.name, incarnation: .random(in: 1 ... .max))
        context = try Context()
        coordinator = SocketBox(
            try Socket(
                .dealer, in: context, options: Wire.options + [.routingID(id.routingID), .linger(.seconds(2))]))
        do {
            try coordinator.socket.connect(to: settings.coordinator)
        } catch {
            throw RunFailure(.unusableArguments, "--connect \(error)")
        }
    }

    /// Works until the coordinator says stop.
    public func work() throws {
        var nextHeartbeat = ContinuousClock.now
        while true {
            let now = ContinuousClock.now
            if now >= nextHeartbeat {
                try session == nil ? join() : session!.sendHeartbeat(to: coordinator)
                nextHeartbeat = now + Self.heartbeatInterval
            }
            try checkCoordinator(at: now)
            try waitForMessages(until: nextHeartbeat)
            while let envelope = try receive() {
                lastHeard = .now
                if case .stop(let reason) = envelope.header {
                    log.info("\(reason)")
                    return try endSession()
                }
                try handle(envelope)
            }
            try session?.forwardResults(to: coordinator)
        }
    }

    private func receive() throws -> Envelope? {
        do {
            return try coordinator.socket.receiveEnvelope()
        } catch let error as HeaderError {
            if case .foreignProtocol = error.reason { throw RunFailure(.clusterUnreachable, "coordinator: \(error)") }
            log.warning("coordinator: \(error); dropped")
            return nil
        }
    }

    private func waitForMessages(until deadline: ContinuousClock.Instant) throws {
        var poller = Poller()
        poller.add(coordinator.socket)
        session?.addSockets(to: &poller)
        _ = try poller.wait(timeout: ContinuousClock.now.duration(to: deadline))
    }

    private func handle(_ envelope: Envelope) throws {
        switch envelope.header {
        case .welcome(let bytes, let parameterServer):
            guard session?.run != envelope.run else { return }
            try endSession()
            let configuration: WorkerConfiguration
            do {
                configuration = try JSONDecoder().decode(WorkerConfiguration.self, from: Data(bytes))
            } catch {
                throw RunFailure(.clusterUnreachable, "the coordinator's configuration cannot be read; use one build")
            }
            if let complaint = configuration.model.complaint {
                throw RunFailure(.clusterUnreachable, "the coordinator's model cannot be: \(complaint)")
            }
            session = try WorkerSession(
                configuration, id: id, lanes: settings.lanes,
                parameterServer: Wire.resolve(parameterServer, from: settings.coordinator), context: context, log: log)
            try coordinator.socket.send(.ready(lanes: settings.lanes), run: envelope.run)
            everJoined = true
            patience.reset(at: .now)
            log.info("joined \(settings.coordinator) with \(settings.lanes) lane\(settings.lanes == 1 ? "" : "s")")
        case .refusal(let reason):
            throw RunFailure(.clusterUnreachable, "the coordinator refuses this worker: \(reason)")
        case .assignment(let assignment):
            guard let session, session.run == envelope.run else { return }
            try session.take(assignment, envelope, coordinator: coordinator)
        default: break
        }
    }

    private func join() throws {
        try coordinator.socket.offer(
            .join(
                .init(
                    name: settings.name, host: ProcessInfo.processInfo.hostName,
                    process: Int(ProcessInfo.processInfo.processIdentifier), lanes: settings.lanes,
                    build: Wire.build, processor: Wire.processor)), run: 0)
    }

    /// Says for whom it waits, and gives up in the end.
    private func checkCoordinator(at now: ContinuousClock.Instant) throws {
        let silence = lastHeard.duration(to: now)
        if session != nil && silence > Self.coordinatorLease {
            log.warning("the coordinator at \(settings.coordinator) is silent; waiting for it to come back")
            try endSession()
        }
        guard session == nil else { return patience.reset(at: now) }
        let limit = everJoined ? settings.reconnectTimeout : settings.connectTimeout
        if silence > limit {
            try coordinator.socket.set(.linger(.zero))  // Nobody is there to whom the last wish could still be sent.
            throw RunFailure(
                .clusterUnreachable,
                "no coordinator answers at \(settings.coordinator) for \(limit.components.seconds) s; is it running, "
                    + "and are host and port right?")
        }
        if let waited = patience.complaint(at: now) {
            log.info("waiting for a coordinator at \(settings.coordinator), \(waited.components.seconds) s")
        }
    }

    private func endSession() throws {
        try session?.end()
        session = nil
    }
}
