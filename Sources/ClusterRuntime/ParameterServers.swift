import ClusterLogic
import Foundation
import Kernels
import Logging
import Messages
import Parameters
import Training
import ZeroMQ

/// The parameter servers as the coordinator sees them: the one in its own process, and those that have joined.
///
/// From one placement to the next, each of the placed servers holds its part of the parameters. Who joins gets a part in
/// the next one.
final class ParameterServers {
    /// A parameter server that held a part is gone, and the part with it.
    struct Lost: Error {
        let name: String
        let cause: String
    }

    let configuration: ServerConfiguration
    private let configurationBytes: [UInt8]
    private let layout: ParameterLayout
    private let embedded: ServerThread
    private let control: Socket
    /// Through which servers on other hosts are reached.
    private let router: SocketBox
    private let log: Logger
    private var roster = Roster(lease: Cluster.lease)
    /// Where workers reach those that have joined.
    private var endpoints: [NodeID: String] = [:]
    private var leaving: Set<NodeID> = []
    /// The servers of the placement, in the order of their parts; nil is the one of this process.
    private var placed: [NodeID?] = [nil]
    private var partition: Partition
    private var run: UInt64 = 0
    /// What was asked of each server, and has come.
    private var versions: [UInt64]
    private var pulled: [PulledPart] = []
    private var isVelocityPulled = false

    /// A part of a snapshot, as far as it has come.
    private struct PulledPart {
        let range: Range<Int>
        private(set) var arrived = 0
        private var pieces: [[FloatFrame]] = []

        init(range: Range<Int>) { self.range = range }

        mutating func take(_ floats: [FloatFrame]) {
            pieces.append(floats)
            arrived += floats[0].count
        }

        var isWhole: Bool { arrived == range.count }

        /// All pieces together. What came as one piece is taken as it is.
        func joined() -> ParameterSnapshot.Part {
            precondition(isWhole, "\(arrived) of \(range.count) floats have come")
            func join(_ kind: Int) -> FloatFrame? {
                guard pieces.allSatisfy({ $0.count > kind }) else { return nil }
                return pieces.count == 1 ? pieces[0][kind] : FloatFrame(joining: pieces.map { $0[kind] })
            }
            return ParameterSnapshot.Part(range: range, parameters: join(0)!, velocity: join(1))
        }
    }

    init(
        _ configuration: ServerConfiguration, layout: ParameterLayout, context: Context, listening endpoint: String,
        router: SocketBox, log: Logger
    ) throws {
        self.configuration = configuration
        configurationBytes = Array(try JSONEncoder().encode(configuration))
        self.layout = layout
        self.router = router
        self.log = log
        embedded = try ServerThread(configuration, in: context, listening: endpoint, log: log)
        control = try Socket(.pair, in: context, options: [.linger(.seconds(1))])
        try control.connect(to: embedded.control)
        partition = Self.partition(layout, servers: 1, configuration.densePlacement)
        versions = [0]
    }

    /// Where the server of this process is.
    var endpoint: String { embedded.endpoint }

    /// Servers that have joined, beside the one of this process.
    var joined: Int { endpoints.count - leaving.count }

    /// The servers that hold parts.
    var count: Int { placed.count }

    /// Somebody has come or wants to go: the parts should be placed anew.
    var isPlacementDue: Bool { Set(placed.compactMap { $0 }) != Set(endpoints.keys).subtracting(leaving) }

    /// What a worker is told.
    var places: [Header.Server] {
        zip(placed, partition.ranges).map { server, range in
            Header.Server(endpoint: server.map { endpoints[$0]! } ?? embedded.endpoint, range: range)
        }
    }

    // MARK: Parts

    /// Gives every server that is there its part of these parameters. What they held before is gone.
    func place(_ snapshot: ParameterSnapshot, run: UInt64, owned state: ParameterState? = nil) throws {
        for id in leaving {
            try router.socket.send(.stop(reason: "the parts are placed without it"), run: run, to: id)
            forget(id)
        }
        self.run = run
        placed = [nil] + endpoints.keys.sorted().map { $0 }
        partition = Self.partition(layout, servers: placed.count, configuration.densePlacement)
        versions = placed.map { _ in snapshot.version }
        for (index, range) in partition.ranges.enumerated() {
            let place = Header.place(range, version: snapshot.version)
            if let state, placed.count == 1 {
                embedded.handover.put(state)
                try control.send(place, run: run)
                continue
            }
            let floats =
                [snapshot.copy(of: range, velocity: false)]
                + (snapshot.hasVelocity ? [snapshot.copy(of: range, velocity: true)] : [])
            try send(place, tensors: try floats.map { try $0.message() }, to: index)
        }
        if placed.count > 1 {
            let names = placed.map { $0?.name ?? "the coordinator" }.joined(separator: ", ")
            log.info("parameters of step \(snapshot.version) are held by \(placed.count) servers: \(names)")
        }
    }

    func send(_ header: Header) throws {
        for index in placed.indices { try send(header, tensors: [], to: index) }
    }

    private func send(_ header: Header, tensors: [Message], to index: Int) throws {
        guard let id = placed[index] else { return try control.send(header, run: run, tensors: tensors) }
        guard try router.socket.send(header, run: run, tensors: tensors, to: id) else {
            forget(id)
            throw Lost(name: id.name, cause: "is not connected any more")
        }
    }

    /// All servers have taken the step that leads to this version.
    func haveReached(_ version: UInt64) -> Bool { versions.allSatisfy { $0 == version } }

    /// Asks for the parameters as they are; `snapshot` has them when all parts have come.
    func pull(withVelocity: Bool) throws {
        isVelocityPulled = withVelocity
        pulled = partition.ranges.map { PulledPart(range: $0) }
        for index in placed.indices { try pullMore(of: index) }
    }

    /// Asks for what is still missing of a part: of another host's piece by piece, each as long as its frames may be.
    private func pullMore(of index: Int) throws {
        let missing = pulled[index].arrived..<partition.ranges[index].count
        let piece = placed[index] == nil ? missing : missing.prefix(Wire.leastFrameLimit / MemoryLayout<Float>.stride)
        try send(.pull(version: versions[index], piece, withVelocity: isVelocityPulled), tensors: [], to: index)
    }

    private func take(_ envelope: Envelope, _ version: UInt64, first: Int, of index: Int) throws {
        guard pulled.indices.contains(index), first == pulled[index].arrived, version == versions[index],
            let count = envelope.tensors.first.map({ $0.count / MemoryLayout<Float>.stride }), count > 0,
            count <= partition.ranges[index].count - first
        else { return }
        let floats = envelope.tensors.compactMap { FloatFrame($0, count: count) }
        guard floats.count == envelope.tensors.count else { return }
        pulled[index].take(floats)
        if !pulled[index].isWhole { try pullMore(of: index) }
    }

    func takeSnapshot() -> ParameterSnapshot? {
        guard !pulled.isEmpty, pulled.allSatisfy(\.isWhole) else { return nil }
        defer { pulled = [] }
        return ParameterSnapshot(version: versions[0], parts: pulled.map { $0.joined() })
    }

    /// Servers that multiply with rows of the factored kernel have whole blocks of them.
    static func partition(
        _ layout: ParameterLayout, servers: Int, _ placement: DensePlacement
    ) -> Partition {
        Partition(
            count: layout.count, servers: servers, rowsFrom: layout.gradientCount,
            rowWidth: (layout.factored?.shape[1] ?? 1) * (placement == .server ? FactoredDense.rowsPerBlock : 1))
    }

    // MARK: Messages

    func add(to poller: inout Poller) { poller.add(control) }

    /// The next message of the server of this process.
    func receive() throws -> Envelope? {
        try embedded.checkAlive()
        return try control.receiveEnvelope()
    }

    /// The part that a server holds; nil for one that holds none.
    func part(of peer: NodeID?) -> Int? { placed.firstIndex(of: peer) }

    /// What concerns the parameters themselves.
    func handle(_ envelope: Envelope, from part: Int) throws {
        switch envelope.header {
        case .updated(let version): versions[part] = version
        case .failure(_, let reason): if let id = placed[part] { try lose(id, reason) }
        case .parameters(let version, let first, _): try take(envelope, version, first: first, of: part)
        default: break
        }
    }

    // MARK: Coming and going

    func contains(_ id: NodeID) -> Bool { roster.contains(id) }
    func heard(from id: NodeID, at now: ContinuousClock.Instant) { roster.heard(from: id, at: now) }

    /// A parameter server asks for the configuration, or says where workers reach it, again and again.
    func join(_ id: NodeID, _ join: Header.Join, host: String?, at now: ContinuousClock.Instant) throws {
        let welcome = Header.welcome(configuration: configurationBytes, model: layout.digest, servers: [])
        guard !join.endpoint.isEmpty else { return try reply(welcome, to: id) }
        if roster.rival(of: id, at: now, within: Cluster.lease / 2) != nil { return }
        guard let (_, port) = Wire.split(join.endpoint), UInt16(port) ?? 0 > 0 else {
            return try reply(.refusal(reason: "\(join.endpoint) is not an endpoint that workers can reach"), to: id)
        }
        let former = roster.join(id, at: now)
        let endpoint = Wire.resolve(join.endpoint, reachedAt: host)
        if let known = endpoints[id], known != endpoint {
            // It listens elsewhere since it knows this run's model.
            try lose(id, "has moved to \(endpoint)")
            _ = roster.join(id, at: now)
        }
        guard endpoints[id] == nil else { return }
        endpoints[id] = endpoint
        log.info("\(id) joins as a parameter server: \(join.host), process \(join.process), \(endpoints[id]!)")
        try reply(welcome, to: id)
        for id in former { try lose(id, "was started anew") }
    }

    private func reply(_ header: Header, to id: NodeID) throws {
        try router.socket.send(header, run: run, to: id)
    }

    /// It wants to go, and keeps its part until the next placement.
    func leave(_ id: NodeID) throws {
        guard endpoints[id] != nil else { return }
        guard placed.contains(id) else {
            log.info("\(id) leaves")
            try reply(.stop(reason: "it held no part"), to: id)
            return forget(id)
        }
        if leaving.insert(id).inserted { log.info("\(id) leaves") }
    }

    /// Throws if one that holds a part is gone.
    func buryTheDead(at now: ContinuousClock.Instant) throws {
        for (id, silence) in roster.expire(at: now) { try lose(id, "has been silent for \(silence.spoken)") }
    }

    private func lose(_ id: NodeID, _ cause: String) throws {
        forget(id)
        if placed.contains(id) { throw Lost(name: id.name, cause: cause) }
        log.warning("parameter server \(id) \(cause)")
    }

    private func forget(_ id: NodeID) {
        roster.leave(id)
        endpoints[id] = nil
        leaving.remove(id)
    }

    /// Says to servers on other hosts that the coordinator is there; and, since messages are lost with a connection, what
    /// they should know by now, and what is waited for.
    func sendHeartbeats(repeating orders: [Header]) throws {
        for id in roster.inOrder {
            let index = placed.firstIndex(of: id)
            try router.socket.send(.heartbeat(held: [], sent: []), run: index == nil ? 0 : run, to: id)
            guard let index else { continue }
            for order in orders { try send(order, tensors: [], to: index) }
            if pulled.indices.contains(index), !pulled[index].isWhole { try pullMore(of: index) }
        }
    }

    /// Ends the server of this process, and lets the others go or wait.
    func end(reason: String, keepingRemote: Bool) throws {
        for id in roster.inOrder where !keepingRemote {
            try router.socket.send(.stop(reason: reason), run: run, to: id)
        }
        try control.offer(.stop(reason: reason), run: run)
        embedded.join()
    }
}
