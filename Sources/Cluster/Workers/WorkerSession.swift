import ClusterLogic
import Foundation
import Logging
import Messages
import Parameters
import Programs
import Transport
import ZeroMQ

/// A worker's part in one run, on one placement of the parameters: what waits for a lane, and the parameters that all
/// lanes share.
final class WorkerSession {
    let run: UInt64
    private let link: CoordinatorLink
    private let log: Logger
    private let servers: [ServerLink]
    private let layout: ParameterLayout
    /// The servers that have parameters for this worker, by their place.
    private let holders: [Int]
    /// What lanes wait for, and since when it was last asked for.
    private var requests: [ShardAttempt: (request: ProductRequest, asked: ContinuousClock.Instant)] = [:]
    private let lanes: LaneTeam
    /// Assignments without a lane or without their parameters yet.
    private var waiting: [(assignment: Header.Assignment, tensors: [Message])] = []
    private var sent = SentPushes()
    /// Gradients in connections. While those of more shards than there are lanes wait, no other is begun.
    private let outgoing: OutgoingBytes
    /// Those that lanes compute with; some of them may still be coming.
    private var parameters: (version: UInt64, arriving: ArrivingParameters)?
    private var requestedVersion: UInt64?
    /// Of the requested version, unless they lie in shared memory.
    private var pull: ParameterPull?
    private var buffers: BufferPool
    private var maps = SharedMemoryMaps()
    private var patience = Patience(at: .now)

    private final class ServerLink {
        let endpoint: String
        let range: Range<Int>
        /// The parameters of it that are fetched.
        let fetched: Range<Int>
        let socket: Socket
        /// For gradients, so that nothing waits behind them.
        let gradients: Socket

        init(
            _ endpoint: String, _ range: Range<Int>, fetched: Range<Int>, _ socket: consuming Socket,
            gradients: consuming Socket
        ) {
            self.endpoint = endpoint
            self.range = range
            self.fetched = fetched
            self.socket = socket
            self.gradients = gradients
        }
    }

    /// A product is asked for again after so long: the request, or its answer, may have been lost.
    private static let productLimit = Duration.seconds(5)

    init(
        run: UInt64, servers: [Header.Server], lanes: LaneTeam, link: CoordinatorLink, context: Context, log: Logger,
        wakeup: Wakeup
    ) throws {
        self.run = run
        self.link = link
        self.log = log
        self.lanes = lanes
        layout = lanes.layout
        guard layout.areParts(servers.map(\.range), ofBlocks: lanes.configuration.densePlacement == .server) else {
            throw RunFailure(
                .clusterUnreachable, "the coordinator's parameter servers do not hold the model between them")
        }
        // Where the servers multiply with the factored kernel, nobody needs it.
        let count = lanes.configuration.densePlacement == .server ? layout.gradientCount : layout.count
        func connect(to endpoint: String, _ options: [SocketOption]) throws -> Socket {
            // A connection of a former session may still be closing, and must not be taken for this one's.
            let id = NodeID(name: link.id.name, incarnation: .random(in: 1 ... .max))
            let socket = try Socket(
                .dealer, in: context,
                options: Wire.options + Wire.connecting(with: link.settings.key)
                    + [.routingID(id.routingID), .linger(.zero)] + options)
            try socket.connect(to: endpoint)
            return socket
        }
        self.servers = try servers.map { server in
            let endpoint = Wire.resolve(server.endpoint, reachedAt: Wire.split(link.endpoint)?.host)
            return ServerLink(
                endpoint, server.range, fetched: server.range.clamped(to: 0..<count), try connect(to: endpoint, []),
                gradients: try connect(to: endpoint, [.sendHighWaterMark(0)]))
        }
        holders = self.servers.indices.filter { [servers = self.servers] in !servers[$0].fetched.isEmpty }
        buffers = BufferPool(count: count)
        outgoing = OutgoingBytes(
            limit: (lanes.count + 1) * layout.gradientCount * MemoryLayout<Float>.stride, waking: wakeup)
    }

    /// No lane computes, and nothing is to be computed.
    var isIdle: Bool { waiting.isEmpty && lanes.computing(for: run).isEmpty }

    func sendHeartbeat() throws {
        let now = ContinuousClock.now
        sent.expire(waiting: outgoing.count, at: now)
        let held = waiting.map(\.assignment.id) + lanes.computing(for: run)
        try link.socket.offer(.heartbeat(held: held, sent: sent.ids), run: run)
        try requestAgain(at: now)
        for (id, (request, asked)) in requests where asked.duration(to: now) > Self.productLimit {
            requests[id]!.asked = now
            try send(request)
        }
    }

    func addSockets(to poller: inout Poller) {
        for server in servers {
            poller.add(server.socket)
            poller.add(server.gradients)
        }
    }

    /// An assignment of the coordinator; it waits for a lane and for its parameters.
    func take(_ assignment: Header.Assignment, _ tensors: [Message]) throws {
        // What came twice is computed once.
        guard !waiting.contains(where: { $0.assignment.id == assignment.id }),
            !lanes.computing(for: run).contains(assignment.id)
        else { return }
        waiting.append((assignment, tensors))
        try dispatch()
    }

    func cancel(_ id: ShardAttempt) { waiting.removeAll { $0.assignment.id == id } }

    /// Gives back what is not begun, and says so. What is pushed from now on must arrive before the worker ends.
    func returnWaiting() throws {
        waiting = []
        for server in servers { try server.gradients.set(.linger(.seconds(10))) }
        try link.socket.send(.leave(finishing: lanes.computing(for: run)), run: run)
    }

    /// A lane needs a product.
    func ask(_ request: ProductRequest) throws {
        requests[request.id] = (request, .now)
        try send(request)
    }

    private func send(_ request: ProductRequest) throws {
        for question in request.missing {
            try servers[question.server].socket.offer(
                question.header, run: run, tensors: question.tensors.map { try $0.message() })
        }
    }

    /// There will be no answers any more.
    func end() {
        for (request, _) in requests.values { request.giveUp() }
        requests = [:]
        pull?.parameters.giveUp()
    }

    /// A lane has computed a piece of a gradient. Nobody waits here; what is dropped is computed again.
    func send(_ piece: LaneAnswer.Piece, _ answer: LaneAnswer) throws {
        guard answer.run == run else { return }
        Timeline.note("sends a piece of shard \(answer.id.shard)", on: "messages")
        try servers[piece.server].gradients.offer(
            .gradient(answer.id, first: piece.first), run: run, tensors: [try piece.floats.message(counted: outgoing)])
    }

    /// A lane has finished. What it has of another run is of no use.
    func passOn(_ answer: LaneAnswer) throws {
        guard answer.run == run else { return try dispatch() }
        switch answer.content {
        case .request, .piece, .added, .givenUp: break
        case .pushes(let shards, let gradients): try send(shards, gradients)
        case .audited(let digests): try link.socket.send(.audited(answer.id, digests: digests), run: run)
        case .scores(let probabilities): try link.socket.send(.scores(answer.id), run: run, tensors: [probabilities])
        case .failure(let reason): try link.socket.send(.failure(answer.id, reason: reason), run: run)
        case .end: break
        }
        try dispatch()
    }

    private func send(_ shards: [LaneAnswer.Shard], _ gradients: [UInt64]) throws {
        precondition(gradients.count == servers.count, "\(gradients.count) pushes for \(servers.count) servers")
        for shard in shards {
            if shard.pushes.contains(where: { $0.memory != nil }) { lanes.lend(shard, run: run) }
            sent.add(shard.id, to: servers.count, at: .now)
        }
        for (index, server) in servers.enumerated() {
            let memory = shards[0].pushes[index].memory
            let results = shards.map {
                Header.ShardResult(
                    id: $0.id, result: $0.result, gradient: $0.pushes[index].gradient, digest: $0.pushes[index].digest)
            }
            let floats = memory == nil ? shards.flatMap { $0.pushes[index].floats } : []
            try server.gradients.offer(
                .push(results, gradient: gradients[index], memory: memory), run: run,
                tensors: try floats.map { try $0.message(counted: outgoing) })
        }
    }

    /// Takes what the parameter servers have sent.
    func receiveParameters() throws {
        for (index, server) in servers.enumerated() {
            while let envelope = try receive(from: server.gradients, of: server) {
                guard envelope.run == run, case .taken(let id) = envelope.header else { continue }
                sent.taken(id, by: index)
                lanes.endLoan(run: run, id)
            }
            while let envelope = try receive(from: server.socket, of: server) {
                guard envelope.run == run else { continue }
                switch envelope.header {
                case .product(let id, let isTransposed, let digest, let memory):
                    take(memory, envelope.tensors.first, digest, isTransposed, for: id, from: index)
                case .rejected(let id, let reason):
                    guard let (request, _) = requests.removeValue(forKey: id) else { break }
                    log.debug("\(id) is given up: \(reason)")
                    request.giveUp()
                case .parameters(let version, let first, _, let memory):
                    try receive(version, first, memory, envelope.tensors.first, from: index)
                default: break
                }
            }
        }
        try dispatch()
    }

    private func receive(from socket: borrowing Socket, of server: ServerLink) throws -> Envelope? {
        do {
            return try socket.receiveEnvelope()
        } catch let error as HeaderError {
            log.warning("parameter server at \(server.endpoint): \(error); dropped")
            return nil
        }
    }

    /// An answer to a lane. What does not fit is asked for again.
    private func take(
        _ memory: Header.Memory?, _ frame: Message?, _ digest: UInt64, _ isTransposed: Bool, for id: ShardAttempt,
        from index: Int
    ) {
        guard let (request, _) = requests[id], request.isTransposed == isTransposed else { return }
        if let memory {
            guard let lent = maps.floats(memory) else { return }
            if request.answer(FloatFrame(lent), from: index) { requests[id] = nil }
        } else if let frame, let floats = FloatFrame(frame, count: frame.count / MemoryLayout<Float>.stride),
            floats.digest == digest, request.answer(floats, from: index)
        {
            requests[id] = nil
        }
    }

    private func receive(
        _ version: UInt64, _ first: Int, _ memory: Header.Memory?, _ frame: Message?, from index: Int
    ) throws {
        lanes.endLoans(run: run, before: version)
        if lanes.configuration.sharesMemory {
            // The only server's, as it lies there.
            let count = servers[index].fetched.count
            if let memory, let lent = maps.floats(memory), lent.count >= count {
                parameters = (version, ArrivingParameters(FloatFrame(lent, 0..<count)))
            }
            // Else it is out of date by now.
            requestedVersion = nil
            return
        }
        guard let frame, let floats = FloatFrame(frame, count: frame.count / MemoryLayout<Float>.stride) else { return }
        guard let wanted = pull?.version, version >= wanted else { return }
        if version > wanted { return abandonPull(for: version) }
        Timeline.note("parameters from \(first)", on: "messages")
        guard pull!.take(floats, first: first, from: index) else { return }
        patience.reset(at: .now)
        if parameters?.version != version && pull!.hasBegun { parameters = (version, pull!.parameters) }
        guard !pull!.isWhole else {
            pull = nil
            requestedVersion = nil
            return
        }
        try ask(index)
    }

    /// The servers have taken a further step: what was asked for is not to be had any more, and its shards are others'.
    private func abandonPull(for version: UInt64) {
        pull!.parameters.giveUp()
        if parameters?.version == pull!.version { parameters = nil }
        (pull, requestedVersion) = (nil, nil)
        waiting.removeAll { $0.assignment.version < version }
    }

    /// Gives idle lanes the assignments whose parameters are there, or have begun to come, and asks for those of the
    /// others.
    private func dispatch() throws {
        if let version = parameters?.version {
            // The step went on without this worker.
            waiting.removeAll { $0.assignment.version < version }
            func canBegin(_ assignment: Header.Assignment) -> Bool {
                assignment.version == version && (assignment.kind != .train || !outgoing.isFull)
            }
            while lanes.hasIdleLane, let index = waiting.firstIndex(where: { canBegin($0.assignment) }) {
                let next = waiting.remove(at: index)
                lanes.give(
                    LaneTask(
                        assignment: next.assignment, run: run, tensors: next.tensors, parameters: parameters!.arriving,
                        ranges: servers.map(\.range)))
            }
        }
        let wanted = waiting.map(\.assignment.version).filter { $0 != parameters?.version }
        // Lanes wait for what has begun to come.
        if let version = wanted.min(), version != requestedVersion, pull?.hasBegun != true {
            requestedVersion = version
            patience.reset(at: .now)
            try beginPull(version)
        }
    }

    private func beginPull(_ version: UInt64) throws {
        pull = nil
        if !lanes.configuration.sharesMemory {
            let ranges = Dictionary(uniqueKeysWithValues: holders.map { ($0, servers[$0].fetched) })
            pull = ParameterPull(version: version, ranges: ranges, into: try buffers.take())
        }
        for holder in holders { try ask(holder) }
    }

    /// Asks a server for what may be under way now; all of it where it lies in shared memory.
    private func ask(_ holder: Int) throws {
        func offer(_ range: Range<Int>) throws {
            try servers[holder].socket.offer(.pull(version: requestedVersion!, range, ofVelocity: false), run: run)
        }
        if lanes.configuration.sharesMemory { return try offer(0..<servers[holder].fetched.count) }
        while let range = pull!.next(from: holder) { try offer(range) }
    }

    /// A request may have been lost, so it is repeated now and then while a lane has nothing else to do.
    private func requestAgain(at now: ContinuousClock.Instant) throws {
        guard let requestedVersion, lanes.hasIdleLane || pull?.hasBegun == true else { return patience.reset(at: now) }
        guard let waited = patience.complaint(at: now) else { return }
        let places = holders.map { servers[$0].endpoint }.joined(separator: ", ")
        log.info(
            "waiting for \(waited.spoken): parameters of step \(requestedVersion) from \(places); is the port open?")
        pull?.askAgain()
        for holder in holders { try ask(holder) }
    }
}
