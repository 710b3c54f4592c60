import ClusterLogic
import Foundation
import Kernels
import Logging
import Messages
import Programs
import Synchronization
import Training
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
    /// Where the addresses of a host's name come from.
    var find: AddressLookup.Find = { try HostAddresses.find($0) }
    /// For tests: said in place of its own.
    var fingerprint: String?

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
///
/// Where the coordinator's host is a name, its addresses are tried one after another, each by a socket of its own,
/// until a coordinator answers; and they are looked up again while none does.
package final class CoordinatorLink {
    package let settings: LinkSettings
    package let id: NodeID
    private let fingerprint: String
    private let context: Context
    private let log: Logger
    private var lastHeard = ContinuousClock.now
    private var everJoined = false
    private var patience = Patience(at: .now)
    private var line: Line
    private var stage = Stage.dialling
    private var dialling: Dialling
    /// Nil where the endpoint has an address.
    private let lookup: AddressLookup?
    private var isLookingUp = false
    private var nextLookup = ContinuousClock.now
    /// Why no address was found, when they were last looked up.
    private var lookupFailure: String?
    /// ZeroMQ does not try on by itself.
    private var isAbandoned = false
    private var nextRedial = ContinuousClock.now
    /// Each address was tried, or they are not known yet.
    private var isRoundOver = true
    /// The wish to be taken in, until it is granted.
    private var wish: Header?
    private var brokenHandshakes = 0
    private var refusedHandshakes = 0
    /// One may fail for a connection that breaks; so many in a row do not.
    private static let mostFailedHandshakes = 3
    /// Names are looked up no more often than this.
    private static let lookupInterval = Duration.seconds(2)
    /// Who refuses is asked no more often than this.
    private static let redialInterval = Duration.seconds(1)

    /// How far the connection has come.
    private enum Stage {
        /// From each of the others, when the connection is lost.
        case dialling
        /// The host has taken the connection. From `dialling`.
        case reached
        /// What answers is a coordinator. From `reached`.
        case made
    }

    /// A socket with what it reports.
    private final class Line {
        let socket: Socket
        let events: SocketMonitor
        private static let numbers = Atomic(0)

        init(_ settings: LinkSettings, _ id: NodeID, in context: Context) throws {
            let name = "coordinator-\(Self.numbers.add(1, ordering: .relaxed).newValue)"
            socket = try Socket(
                .dealer, in: context,
                options: Wire.options + Wire.connecting(with: settings.key)
                    + [.routingID(id.routingID), .linger(.seconds(2))])
            try socket.reportConnections(as: name)
            events = try SocketMonitor(of: name, in: context)
        }
    }

    /// Wakes the thread when the addresses of the coordinator's host were found.
    package init(_ settings: LinkSettings, context: Context, waking wakeup: Wakeup, log: Logger) throws {
        self.settings = settings
        self.context = context
        self.log = log
        fingerprint = try settings.fingerprint ?? Fingerprint.compute()
        id = NodeID(name: settings.name, incarnation: .random(in: 1 ... .max))
        line = try Line(settings, id, in: context)
        dialling = Dialling(at: .now)
        guard let (host, port) = Wire.split(settings.coordinator), !HostAddresses.isAddress(host) else {
            lookup = nil
            try checkPort()
            try begin([settings.coordinator], at: .now)
            return
        }
        let find = settings.find
        lookup = AddressLookup(of: host, by: { try find($0).map { "tcp://\($0):\(port)" } }, waking: wakeup)
        try checkPort()
        guard HostAddresses.isSpelledWell(host) else {
            throw RunFailure(
                .unusableArguments, "--connect \(settings.coordinator): \(host.debugDescription) is no host's name")
        }
        lookUp(at: .now)
    }

    private func checkPort() throws {
        if let (_, port) = Wire.split(settings.coordinator), UInt16(port) ?? 0 == 0 {
            throw RunFailure(
                .unusableArguments, "--connect \(settings.coordinator): the port must be a number from 1 to 65535")
        }
    }

    package var socket: Socket { _read { yield line.socket } }

    /// Where the coordinator is, by its address; as the user named it before one is known.
    package var endpoint: String { dialling.current ?? settings.coordinator }

    package func addSockets(to poller: inout Poller) {
        poller.add(line.socket)
        poller.add(line.events.socket)
    }

    /// Asks to be taken in. What only one role has to say is added to `join`.
    package func join(as role: Header.Join.Role, _ complete: (inout Header.Join) -> Void) throws {
        let process = ProcessInfo.processInfo
        var join = Header.Join(
            role: role, name: settings.name, host: process.hostName, process: Int(process.processIdentifier),
            build: Program.build, processor: Wire.processor)
        (join.kernels, join.fingerprint) = (Processor.current.rawValue, fingerprint)
        complete(&join)
        wish = .join(join)
        try socket.offer(.join(join), run: 0)
    }

    /// The next message that is there already. What cannot be read is dropped; a refusal ends the node.
    package func receive() throws -> Envelope? {
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

    // MARK: Addresses

    private func lookUp(at now: ContinuousClock.Instant) {
        guard let lookup, !isLookingUp, now >= nextLookup else { return }
        isLookingUp = true
        nextLookup = now + Self.lookupInterval
        lookup.begin()
    }

    private func takeAddresses(at now: ContinuousClock.Instant) throws {
        for found in lookup?.takeAll() ?? [] {
            isLookingUp = false
            switch found {
            case .failure(let error): lookupFailure = "\(error)"
            case .success(let endpoints):
                lookupFailure = nil
                // A connection stays as long as it leads where the name does.
                if stage == .made, let current = dialling.current, endpoints.contains(current) { break }
                try begin(endpoints, at: now)
            }
        }
    }

    /// Begins a round. An only address that is being tried already is tried on.
    private func begin(_ endpoints: [String], at now: ContinuousClock.Instant) throws {
        let isTried = dialling.addresses == endpoints && endpoints.count == 1
        dialling.begin(endpoints, at: now)
        isRoundOver = false
        if !isTried { try dial() }
    }

    /// Connects to the current address by a socket of its own: what an earlier one would still do does not matter then.
    private func dial() throws {
        try line.socket.set(.linger(.zero))
        line = try Line(settings, id, in: context)
        (stage, isAbandoned) = (.dialling, false)
        nextRedial = .now + Self.redialInterval
        do {
            try line.socket.connect(to: endpoint)
        } catch {
            throw RunFailure(.unusableArguments, "--connect \(error)")
        }
        if let wish { try socket.offer(wish, run: 0) }
    }

    /// The current address is of no use. False if there is no other in this round.
    @discardableResult
    private func moveOn(at now: ContinuousClock.Instant) throws -> Bool {
        guard dialling.moveOn(at: now) else {
            isRoundOver = true
            return false
        }
        log.debug("trying \(endpoint)")
        try dial()
        return true
    }

    /// Follows what becomes of the connection. Throws when what answers is certainly no coordinator for this node, and
    /// warns when it may be.
    private func followConnection(isSilent: Bool, at now: ContinuousClock.Instant) throws {
        try takeAddresses(at: now)
        while let (event, _) = try line.events.next() {
            switch event {
            case .ended: break
            case .reached:
                stage = .reached
                dialling.reached(at: now)
            case .connected:
                stage = .made
                dialling.succeeded()
                (brokenHandshakes, refusedHandshakes) = (0, 0)
            case .lost:
                if stage == .made { isRoundOver = true }
                stage = .dialling
            case .retried: try moveOn(at: now)
            case .failed:
                brokenHandshakes += 1
                if brokenHandshakes == Self.mostFailedHandshakes {
                    log.warning(
                        "\(settings.coordinator) ends connections while they are made: \(likelyCause); trying on")
                }
            case .abandoned:
                refusedHandshakes += 1
                isAbandoned = try !moveOn(at: now)
            }
        }
        if isAbandoned && now >= nextRedial { try dial() }
        if stage != .made, dialling.isOverdue(isReached: stage == .reached, at: now) { try moveOn(at: now) }
        if stage == .made ? isSilent : isRoundOver { lookUp(at: now) }
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

    package func joined() {
        everJoined = true
        wish = nil
        patience.reset(at: .now)
    }

    /// Says for whom it waits, and gives up in the end. True when a coordinator that was there is lost.
    package func isLost(whileJoined isJoined: Bool, at now: ContinuousClock.Instant) throws -> Bool {
        let silence = lastHeard.duration(to: now)
        if isJoined && silence > Heartbeat.lease {
            log.warning("the coordinator at \(settings.coordinator) is silent; waiting for it to come back")
            patience.reset(at: now)
            return true
        }
        try followConnection(isSilent: silence > Heartbeat.lease, at: now)
        if isJoined {
            patience.reset(at: now)
            return false
        }
        let limit = everJoined ? settings.reconnectTimeout : settings.connectTimeout
        if silence > limit {
            try socket.set(.linger(.zero))  // Nobody is there to whom the last wish could still be sent.
            throw RunFailure(
                .clusterUnreachable,
                "no coordinator answers at \(place) for \(limit.components.seconds) s; "
                    + (lookupFailure != nil
                        ? "is the host's name right?"
                        : brokenHandshakes < Self.mostFailedHandshakes
                            ? "is it running, and are host and port right?" : likelyCause))
        }
        if let waited = patience.complaint(at: now) {
            log.info("waiting for a coordinator at \(place), \(waited.components.seconds) s")
        }
        return false
    }

    /// The endpoint as the user named it, with the addresses that it stands for.
    private var place: String {
        if let lookupFailure { return "\(settings.coordinator) (\(lookupFailure))" }
        guard lookup != nil, !dialling.addresses.isEmpty else { return settings.coordinator }
        let hosts = dialling.addresses.compactMap { Wire.split($0)?.host }
        return "\(settings.coordinator) (\(hosts.joined(separator: " and ")))"
    }
}
