import ClusterLogic
import Foundation
import Logging
import Messages
import ZeroMQ

/// How a node reaches its coordinator, and how long it tries.
public struct LinkSettings: Sendable {
    public var coordinator: String
    public var name: String
    /// What the coordinator asks for, if it does.
    public var key: ClusterKey?
    /// How long to try until a coordinator answers for the first time, and after one was lost.
    public var connectTimeout: Duration
    public var reconnectTimeout: Duration

    public init(
        coordinator: String, name: String, key: ClusterKey? = nil, connectTimeout: Duration = .seconds(30),
        reconnectTimeout: Duration = .seconds(600)
    ) {
        self.coordinator = coordinator
        self.name = name
        self.key = key
        self.connectTimeout = connectTimeout
        self.reconnectTimeout = reconnectTimeout
    }
}

/// A node's connection to its coordinator: it asks to join until it is welcome, notices when the coordinator falls
/// silent, and gives up in the end. Of one thread.
final class CoordinatorLink {
    static let heartbeatInterval = Duration.seconds(1)
    /// A coordinator that is silent for longer is lost; the node joins anew, at the same place.
    static let lease = Duration.seconds(5)

    let settings: LinkSettings
    let id: NodeID
    let socket: Socket
    private let log: Logger
    private var lastHeard = ContinuousClock.now
    private var everJoined = false
    private var patience = Patience(at: .now)
    private let handshakes: SocketMonitor
    private var brokenHandshakes = 0
    private var refusedHandshakes = 0
    /// One may fail for a connection that breaks; so many in a row do not.
    private static let mostFailedHandshakes = 3

    init(_ settings: LinkSettings, context: Context, log: Logger) throws {
        self.settings = settings
        self.log = log
        if let (_, port) = Wire.split(settings.coordinator), UInt16(port) ?? 0 == 0 {
            throw RunFailure(
                .unusableArguments, "--connect \(settings.coordinator): the port must be a number from 1 to 65535")
        }
        id = NodeID(name: settings.name, incarnation: .random(in: 1 ... .max))
        socket = try Socket(
            .dealer, in: context,
            options: Wire.options + Wire.connecting(with: settings.key)
                + [.routingID(id.routingID), .linger(.seconds(2))])
        try socket.reportHandshakes(as: "coordinator")
        handshakes = try SocketMonitor(of: "coordinator", in: context)
        do {
            try socket.connect(to: settings.coordinator)
        } catch {
            throw RunFailure(.unusableArguments, "--connect \(error)")
        }
    }

    /// Asks to be taken in. What only one role has to say is added to `join`.
    func join(as role: Header.Join.Role, _ complete: (inout Header.Join) -> Void) throws {
        let process = ProcessInfo.processInfo
        var join = Header.Join(
            role: role, name: settings.name, host: process.hostName, process: Int(process.processIdentifier),
            build: Wire.build, processor: Wire.processor)
        complete(&join)
        try socket.offer(.join(join), run: 0)
    }

    /// The next message that is there already. What cannot be read is dropped; a refusal ends the node.
    func receive() throws -> Envelope? {
        do {
            guard let envelope = try socket.receiveEnvelope() else { return nil }
            lastHeard = .now
            if case .refusal(let reason) = envelope.header {
                throw RunFailure(.clusterUnreachable, "the coordinator refuses this node: \(reason)")
            }
            return envelope
        } catch let error as HeaderError {
            if case .foreignProtocol = error.reason { throw RunFailure(.clusterUnreachable, "coordinator: \(error)") }
            log.warning("coordinator: \(error); dropped")
            return nil
        }
    }

    /// Throws when what answers is certainly no coordinator for this node, and warns when it may be.
    private func checkHandshakes() throws {
        while let (event, _) = try handshakes.next() {
            switch event {
            case .ended: break
            case .connected: (brokenHandshakes, refusedHandshakes) = (0, 0)
            case .failed:
                brokenHandshakes += 1
                guard brokenHandshakes == Self.mostFailedHandshakes else { break }
                log.warning("\(settings.coordinator) ends connections while they are made: \(likelyCause); trying on")
            case .abandoned:
                refusedHandshakes += 1
                try socket.reconnect(to: settings.coordinator)
            }
        }
        guard refusedHandshakes >= Self.mostFailedHandshakes, !everJoined else { return }
        try socket.set(.linger(.zero))
        throw RunFailure(
            .clusterUnreachable,
            settings.key == nil
                ? "what listens at \(settings.coordinator) is no coordinator, or asks for a key: give --cluster-key FILE"
                : "the coordinator at \(settings.coordinator) does not take the key of --cluster-key; use its own, or "
                    + "none if it is --insecure")
    }

    /// Of connections that the other side ends: with a wrong key or none, it may say no more than that.
    private var likelyCause: String {
        settings.key == nil
            ? "it asks for a key, is no coordinator, or none is there behind a proxy"
            : "it has another key than that of --cluster-key, or none is there behind a proxy"
    }

    func joined() {
        everJoined = true
        patience.reset(at: .now)
    }

    /// Says for whom it waits, and gives up in the end. True when a coordinator that was there is lost.
    func isLost(whileJoined isJoined: Bool, at now: ContinuousClock.Instant) throws -> Bool {
        let silence = lastHeard.duration(to: now)
        if isJoined && silence > Self.lease {
            log.warning("the coordinator at \(settings.coordinator) is silent; waiting for it to come back")
            patience.reset(at: now)
            return true
        }
        try checkHandshakes()
        if isJoined {
            patience.reset(at: now)
            return false
        }
        let limit = everJoined ? settings.reconnectTimeout : settings.connectTimeout
        if silence > limit {
            try socket.set(.linger(.zero))  // Nobody is there to whom the last wish could still be sent.
            throw RunFailure(
                .clusterUnreachable,
                "no coordinator answers at \(settings.coordinator) for \(limit.components.seconds) s; "
                    + (brokenHandshakes < Self.mostFailedHandshakes
                        ? "is it running, and are host and port right?" : likelyCause))
        }
        if let waited = patience.complaint(at: now) {
            log.info("waiting for a coordinator at \(settings.coordinator), \(waited.components.seconds) s")
        }
        return false
    }
}
