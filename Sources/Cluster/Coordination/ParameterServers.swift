import ClusterLogic
import Foundation
import Kernels
import Logging
import Messages
import ParameterServing
import Parameters
import Programs
import Training
import Transport
import ZeroMQ

/// The parameter servers as the coordinator sees them: the one in its own process, and those that have joined.
///
/// From one placement to the next, each of the placed servers holds its part of the parameters. Who joins gets a part
/// in the next one.
package final class ParameterServers {
    /// A parameter server that held a part is gone, and the part with it: the run goes on from what is written.
    package struct Lost: Error {
        package let name: String
        package let cause: String
    }

    let configuration: ServerConfiguration
    private let configurationBytes: [UInt8]
    private let layout: ParameterLayout
    private let embedded: ServerThread
    private let control: Socket
    /// Through which servers on other hosts are reached.
    private let router: SocketBox
    private let log: Logger
    private var roster = Roster(lease: Heartbeat.lease)
    /// Where workers reach those that have joined.
    private var endpoints: [NodeID: String] = [:]
    private var leaving: Set<NodeID> = []
    /// Those that compute other bits than this process.
    private var different: Set<NodeID> = []
    /// The servers of the placement, in the order of their parts; nil is the one of this process.
    private var placed: [NodeID?] = [nil]
    private var partition: Partition
    private var run: UInt64 = 0
    /// What they are told of steps, and what they have said.
    var steps = Steps()
    /// One of the placement that was lost, until somebody has been told.
    private var lost: Lost?
    /// Where the parts come from, until all are there.
    private var source: ParameterSource?
    private var snapshot: ArrivingSnapshot?
    private let wakeup: Wakeup

    init(
        _ configuration: ServerConfiguration, layout: ParameterLayout, context: Context, listening endpoint: String,
        doorkeeper: Doorkeeper?, router: SocketBox, waking wakeup: Wakeup, log: Logger
    ) throws {
        self.wakeup = wakeup
        self.configuration = configuration
        configurationBytes = Array(try JSONEncoder().encode(configuration))
        self.layout = layout
        self.router = router
        self.log = log
        embedded = try ServerThread(
            configuration, in: context, listening: endpoint, doorkeeper: doorkeeper, log: log)
        control = try Socket(.pair, in: context, options: [.linger(.seconds(1))])
        try control.connect(to: embedded.control)
        partition = Self.partition(
            layout, servers: 1, configuration.densePlacement, shardsPerStep: configuration.shardsPerStep)
    }

    /// Where the server of this process is.
    var endpoint: String { embedded.endpoint }

    /// Servers that have joined, beside the one of this process.
    var joined: Int { endpoints.count - leaving.count }

    /// The servers that hold parts.
    var count: Int { placed.count }

    /// Does one that holds a part compute other bits than this process?
    var computeOtherBits: Bool { !different.isDisjoint(with: placed.compactMap { $0 }) }

    /// Somebody has come or wants to go: the parts should be placed anew.
    package var isPlacementDue: Bool { Set(placed.compactMap { $0 }) != Set(endpoints.keys).subtracting(leaving) }

    /// What a worker is told. Where it reaches the coordinator, it reaches the coordinator's server.
    var places: [Header.Server] {
        zip(placed, partition.ranges).map { server, range in
            Header.Server(endpoint: server.map { endpoints[$0]! } ?? Wire.anywhere(embedded.endpoint), range: range)
        }
    }

    // MARK: Parts

    /// Gives every server that is there its part of these parameters, which it fetches; `isPlaced` says that all have
    /// theirs. What they held before is gone.
    func place(_ source: ParameterSource, run: UInt64) throws {
        abandonSnapshot(Replaced())
        for id in leaving {
            try router.socket.send(.stop(reason: "the parts are placed without it"), run: run, to: id)
            forget(id)
        }
        self.run = run
        self.source = source
        placed = [nil] + endpoints.keys.sorted().map { $0 }
        partition = Self.partition(
            layout, servers: placed.count, configuration.densePlacement, shardsPerStep: configuration.shardsPerStep)
        steps.place(on: placed.count, version: source.version)
        lost = nil
        embedded.handover.put(source)
        for index in placed.indices { try sendPlace(to: index) }
        if placed.count > 1 {
            let names = placed.map { $0?.name ?? "the coordinator" }.joined(separator: ", ")
            log.info("parameters of step \(source.version) are held by \(placed.count) servers: \(names)")
        }
    }

    private func sendPlace(to index: Int) throws {
        guard let source else { return }
        try send(.place(partition.ranges[index], version: source.version), tensors: [], to: index)
    }

    /// A server asks for floats of its part.
    private func give(_ range: Range<Int>, ofVelocity: Bool, to index: Int) throws {
        let part = partition.ranges[index]
        guard let source, range.upperBound <= part.count, range.count <= PartTransfer.floatsPerPiece else { return }
        let piece = FloatBuffer(count: range.count)
        try source.write(to: piece.floats, from: part.lowerBound + range.lowerBound, ofVelocity: ofVelocity)
        try send(
            .parameters(version: source.version, first: range.lowerBound, ofVelocity: ofVelocity, memory: nil),
            tensors: [try FloatFrame(piece).message()], to: index)
    }

    // MARK: Steps

    func open(_ step: UInt64, shards: Int) throws { try tell(steps.open(step, shards: shards)) }

    func restart(_ step: UInt64, firstAttempt: Int) throws {
        if let order = steps.restart(step, firstAttempt: firstAttempt) { try tell(order) }
    }

    /// Tells the servers what follows from what has come about; true when all have taken the step that was awaited.
    func goOn() throws -> Bool {
        while let effect = steps.next() {
            switch effect {
            case .order(let order): try tell(order)
            case .done: return true
            }
        }
        return false
    }

    private func tell(_ order: Steps.Order) throws {
        for index in placed.indices { try tell(order, to: index) }
    }

    private func tell(_ order: Steps.Order, to index: Int) throws {
        switch order {
        case .place: try sendPlace(to: index)
        case .open(let step, let shards, let firstAttempt):
            try send(.openRound(step, shards: shards, firstAttempt: firstAttempt), tensors: [], to: index)
        case .apply(let step, let firstAttempt):
            try send(.apply(round: step, firstAttempt: firstAttempt), tensors: [], to: index)
        }
    }

    private func send(_ header: Header, tensors: [Message], to index: Int) throws {
        guard let id = placed[index] else { return try control.send(header, run: run, tensors: tensors) }
        if try !router.socket.send(header, run: run, tensors: tensors, to: id) { lose(id, "is not connected any more") }
    }

    // MARK: Snapshots

    /// Nobody will read what a server still sends.
    private struct Replaced: Error {}

    /// Asks for the parameters as they are; `takeSnapshot` has them when those of this process have come.
    func pull(withVelocity: Bool) throws {
        abandonSnapshot(Replaced())
        snapshot = ArrivingSnapshot(
            version: steps.version, ranges: partition.ranges, isRemote: placed.map { $0 != nil },
            withVelocity: withVelocity, waking: wakeup)
        let range = 0..<partition.ranges[placed.firstIndex(of: nil)!].count
        for ofVelocity in withVelocity ? [false, true] : [false] {
            try control.send(.pull(version: steps.version, range, ofVelocity: ofVelocity), run: run)
        }
    }

    /// Asks for what is still missing of the parts of other hosts, as far as it is being read.
    func pullMore() throws {
        for (index, piece) in snapshot?.next() ?? [] {
            try send(
                .pull(version: steps.version, piece.range, ofVelocity: piece.ofVelocity), tensors: [], to: index)
        }
    }

    func takeSnapshot() -> ParameterSnapshot? { snapshot?.takeSnapshot() }

    /// What is not read of a snapshot will not be.
    func abandonSnapshot(_ reason: any Error) {
        snapshot?.fail(reason)
        snapshot = nil
    }

    /// Servers that multiply with rows of the factored kernel have whole blocks of them. Those stay where they are,
    /// while of every other parameter the gradient of each shard comes and is held.
    package static func partition(
        _ layout: ParameterLayout, servers: Int, _ placement: DensePlacement, shardsPerStep: Int
    ) -> Partition {
        let isMultiplying = placement == .server
        return Partition(
            count: layout.count, servers: servers, rowsFrom: layout.gradientCount,
            rowWidth: (layout.factored?.shape[1] ?? 1) * (isMultiplying ? FactoredDense.rowsPerBlock : 1),
            weight: isMultiplying ? 1 + shardsPerStep : 1)
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
        case .updated(let version):
            steps.updated(part, to: version)
            if steps.isPlaced { source = nil }
        case .failure(_, let reason): if let id = placed[part] { lose(id, reason) }
        case .pull(_, let range, let ofVelocity): try give(range, ofVelocity: ofVelocity, to: part)
        case .parameters(let version, let first, let ofVelocity, _):
            guard let frame = envelope.tensors.first,
                let floats = FloatFrame(frame, count: frame.count / MemoryLayout<Float>.stride)
            else { return }
            snapshot?.take(floats, version, first: first, ofVelocity: ofVelocity, of: part)
        default: break
        }
    }

    // MARK: Coming and going

    func contains(_ id: NodeID) -> Bool { roster.contains(id) }
    func heard(from id: NodeID, at now: ContinuousClock.Instant) { roster.heard(from: id, at: now) }

    /// A parameter server asks for the configuration, or says where workers reach it, again and again. `difference` is
    /// how its bits differ from those of this process, if they do.
    func join(
        _ id: NodeID, _ join: Header.Join, host: String?, difference: String?, at now: ContinuousClock.Instant
    ) throws {
        let welcome = Header.welcome(configuration: configurationBytes, model: layout.digest, servers: [])
        guard !join.endpoint.isEmpty else { return try reply(welcome, to: id) }
        if roster.rival(of: id, at: now, within: Heartbeat.lease / 2) != nil { return }
        guard let (_, port) = Wire.split(join.endpoint), UInt16(port) ?? 0 > 0 else {
            return try reply(.refusal(reason: "\(join.endpoint) is not an endpoint that workers can reach"), to: id)
        }
        let former = roster.join(id, at: now)
        let endpoint = Wire.resolve(join.endpoint, reachedAt: host)
        if let known = endpoints[id], known != endpoint {
            // It listens elsewhere since it knows this run's model.
            lose(id, "has moved to \(endpoint)")
            _ = roster.join(id, at: now)
        }
        guard endpoints[id] == nil else { return }
        endpoints[id] = endpoint
        log.info(
            "\(id) joins as a parameter server: \(join.host), process \(join.process), \(endpoint), \(join.arithmetic)")
        if let difference {
            different.insert(id)
            log.warning("\(difference); its steps count all the same")
        }
        try reply(welcome, to: id)
        for id in former { lose(id, "was started anew") }
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

    func buryTheDead(at now: ContinuousClock.Instant) {
        for (id, silence) in roster.expire(at: now) { lose(id, "has been silent for \(silence.spoken)") }
    }

    /// A server that was lost with its part since this was last asked.
    func takeLost() -> Lost? {
        defer { lost = nil }
        return lost
    }

    /// If it holds a part, the placement is over.
    private func lose(_ id: NodeID, _ cause: String) {
        forget(id)
        guard placed.contains(id) else { return log.warning("parameter server \(id) \(cause)") }
        guard lost == nil else { return }
        let lost = Lost(name: id.name, cause: cause)
        self.lost = lost
        abandonSnapshot(lost)
    }

    private func forget(_ id: NodeID) {
        roster.leave(id)
        endpoints[id] = nil
        leaving.remove(id)
        different.remove(id)
    }

    /// Says to servers on other hosts that the coordinator is there; and, since messages are lost with a connection,
    /// what they should know by now.
    func sendHeartbeats() throws {
        for id in roster.inOrder {
            let index = placed.firstIndex(of: id)
            try router.socket.send(.heartbeat(held: [], sent: []), run: index == nil ? 0 : run, to: id)
            guard let index else { continue }
            for order in steps.orders(for: index) { try tell(order, to: index) }
            snapshot?.noteHeartbeat(of: index)
        }
    }

    /// Ends the server of this process, and lets the others go or wait.
    func end(reason: String, keepingRemote: Bool) throws {
        abandonSnapshot(Replaced())
        for id in roster.inOrder where !keepingRemote {
            try router.socket.send(.stop(reason: reason), run: run, to: id)
        }
        try control.offer(.stop(reason: reason), run: run)
        embedded.join()
    }
}
