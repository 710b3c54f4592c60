import ClusterLogic
import Foundation
import Logging
import Messages
import Optimization
import Parameters
import Training
import ZeroMQ

/// Where workers find the coordinator, and how many of them it starts itself.
public enum Gathering: Sendable {
    case local(Int)
    /// An endpoint such as tcp://0.0.0.0:5555; training begins when so many workers are there.
    case listen(String, minimumWorkers: Int)

    var minimumWorkers: Int {
        if case .listen(_, let minimum) = self { minimum } else { 1 }
    }

    /// The options that gather workers in the same way.
    var options: String {
        switch self {
        case .local(let count): " --local \(count)"
        case .listen(let endpoint, _): " --listen \(endpoint)\(Wire.isLoopback(endpoint) ? "" : " --insecure")"
        }
    }
}

/// The cluster as the training loop sees it: rounds of shards go in, their results come out.
///
/// One thread. Whatever it waits for, `pump` keeps the cluster alive meanwhile: it takes workers in, hands out shards,
/// notices the dead and says what it waits for.
final class Cluster {
    let run: UInt64
    let configuration: [UInt8]
    let classes: Int
    let log: Logger
    private let context: Context
    let workers: Socket
    private let server: Socket
    let serverEndpoint: String
    private let serverThread: ServerThread
    let loader: ShardLoader
    var local: LocalWorkers?
    var roster = Roster(lease: Cluster.lease)
    /// Everybody who ever took part, by name.
    var everyone: Set<String> = []
    var lostWorkers = 0
    private(set) var repeatedShards = 0
    var round: OpenRound?
    /// How long the last shards took, the newest last.
    private var shardSeconds: [Double] = []
    var failure: ShardFailure?
    private var version: UInt64
    private var snapshot: ParameterSnapshot?
    private var nextHeartbeat = ContinuousClock.now
    var patience = Patience(at: .now)
    var foreignPeers: Set<NodeID> = []
    private let folder: PrivateFolder?
    private let interruption: Interruption
    private var hasEnded = false

    /// The user wants an end, and it does not come by itself.
    struct Interrupted: Error {}

    static let lease = Duration.seconds(5)
    private static let heartbeatInterval = Duration.seconds(1)
    /// After an interruption, a step may take so long to be completed.
    private static let grace = Duration.seconds(20)

    /// Binds the sockets, starts the parameter server and, if asked for, local workers.
    init(
        gathering: Gathering, configuration: WorkerConfiguration, state: ParameterState,
        layout: ParameterLayout, optimizer: SGD, shardSize: Int, totalSteps: UInt64, load: @escaping ShardLoader.Load,
        interruption: Interruption, log: Logger
    ) throws {
        run = configuration.run
        self.interruption = interruption
        self.configuration = try Array(JSONEncoder().encode(configuration))
        classes = configuration.model.classes
        self.log = log
        version = state.version
        loader = ShardLoader(load: load)
        context = try Context(ioThreads: 2)
        let limit = Wire.frameLimit(floats: shardSize * classes)
        workers = try Socket(.router, in: context, options: Wire.options + Wire.routerOptions + [limit])
        let endpoints: (coordinator: String, server: String)
        switch gathering {
        case .local:
            let folder = try PrivateFolder()
            self.folder = folder
            endpoints = ("ipc://\(folder.path)/coordinator", "ipc://\(folder.path)/parameters")
        case .listen(let endpoint, _):
            folder = nil
            endpoints = (endpoint, try Wire.nextPort(after: endpoint))
        }
        do {
            try workers.bind(to: endpoints.coordinator)
        } catch {
            throw RunFailure(error.code == EINVAL ? .unusableArguments : .inputOutput, "--listen \(error)")
        }
        serverThread = try ServerThread(
            context: context, endpoint: endpoints.server, layout: layout, optimizer: optimizer, shardSize: shardSize,
            totalSteps: totalSteps, run: run, state: state, log: log)
        serverEndpoint = serverThread.endpoint
        server = try Socket(.pair, in: context, options: [.linger(.seconds(1))])
        try server.connect(to: serverThread.control)
        if case .local(let count) = gathering {
            local = try LocalWorkers(count: count, endpoint: endpoints.coordinator, log: log)
        } else {
            let bound = Wire.plain(try workers.lastEndpoint)
            log.info("listening at \(bound), parameters at \(serverEndpoint)")
        }
    }

    // MARK: Rounds

    /// Waits until so many workers have joined.
    func waitForWorkers(_ count: Int) throws {
        try pump(
            until: { self.roster.count >= count },
            waitingFor: { "\(self.roster.count) of \(count) workers are there" }, interruptedAfter: .zero)
    }

    /// Begins to make a round's shards ahead of time.
    func prepare(step: UInt64, shards: [[UInt32]], epoch: Int) {
        loader.prepare(round: step, shards: shards, epoch: epoch)
    }

    /// Trains one step on these shards, and returns their results in order.
    func train(step: UInt64, shards: [[UInt32]], epoch: Int) throws -> [Header.TrainingResult] {
        precondition(step == version, "step \(step) at version \(version)")
        prepare(step: step, shards: shards, epoch: epoch)
        try serverThread.checkAlive()
        try server.send(.openRound(step, shards: shards.count), run: run)
        let done = try compute(OpenRound(.train, number: step, shards: shards, version: version)) {
            self.version == step + 1
        }
        let results = done.training.compactMap { $0 }
        guard results.count == shards.count else {
            throw RunFailure(
                .internalError,
                "step \(step) was completed with gradients nobody was asked for; resume without that peer")
        }
        return results
    }

    /// Computes the probabilities of these shards' samples, `[n, classes]` each, with the newest parameters.
    func score(round: UInt64, shards: [[UInt32]]) throws -> [[Float]] {
        loader.prepare(round: round, shards: shards, epoch: nil)
        let done = try compute(OpenRound(.score, number: round, shards: shards, version: version)) {
            self.round!.schedule.isComplete
        }
        return done.probabilities.map { $0! }
    }

    /// The parameters as they are now. The frames stay valid for as long as they are held.
    func snapshot(withVelocity: Bool) throws -> ParameterSnapshot {
        try serverThread.checkAlive()
        try server.send(.pull(version: version, withVelocity: withVelocity), run: run)
        try pump(until: { self.snapshot != nil }, waitingFor: { "the parameter server" }, interruptedAfter: nil)
        defer { snapshot = nil }
        return snapshot!
    }

    /// Ends the run here. Workers on other hosts are told so too, unless they are to wait for its resumption.
    func end(reason: String, keepingRemoteWorkers: Bool = false) throws {
        guard !hasEnded else { return }
        hasEnded = true
        for member in roster.inOrder where local != nil || !keepingRemoteWorkers {
            try workers.send(.stop(reason: reason), run: run, to: member.id)
        }
        try server.offer(.stop(reason: reason), run: run)
        serverThread.join()
        local?.end()
        local = nil
    }

    private func compute(_ open: OpenRound, until isDone: () -> Bool) throws -> OpenRound {
        round = open
        try pump(until: isDone, waitingFor: describeRound, interruptedAfter: Self.grace)
        let done = round!
        round = nil
        repeatedShards += done.schedule.repeatedAttempts
        shardSeconds = (shardSeconds + done.seconds).suffix(64)
        loader.discard(round: done.number)
        return done
    }

    private func describeRound() -> String {
        guard let schedule = round?.schedule else { return "the parameter server" }
        if roster.count == 0 { return "no worker is connected; \(schedule.remaining) shards wait for one" }
        let busy = roster.inOrder.filter { !schedule.shards(of: $0.id).isEmpty }.map { "\($0.id)" }
        return "\(schedule.remaining) shards are out, with \(busy.isEmpty ? "nobody" : busy.joined(separator: ", "))"
    }

    // MARK: The loop

    /// `interruptedAfter` is how long after the user's wish for an end this gives up, at once if no worker is there;
    /// nil: never.
    private func pump(
        until isDone: () -> Bool, waitingFor what: () -> String, interruptedAfter grace: Duration?
    ) throws {
        patience.reset(at: .now)
        while true {
            let isWaitingForImages = try handOut() == .imagesMissing
            if isDone() { return }
            var poller = Poller()
            poller.add(server)
            poller.add(workers)
            if let local { poller.add(fileDescriptor: local.deaths.fileHandleForReading.fileDescriptor) }
            _ = try poller.wait(timeout: .milliseconds(isWaitingForImages ? 1 : 200))
            let now = ContinuousClock.now
            while let envelope = try server.receiveEnvelope() {
                handleServer(envelope)
                patience.reset(at: now)
            }
            while let (peer, result) = try workers.receiveFromPeer() {
                switch result {
                case .success(let envelope): try handle(envelope, from: peer, at: now)
                case .failure(let error): try refuse(peer, error)
                }
            }
            if let failure { throw failure }
            try serverThread.checkAlive()
            try buryTheDead(at: now)
            try sendHeartbeats(at: now)
            if let grace, let wish = interruption.requested, roster.count == 0 || wish.duration(to: now) > grace {
                throw Interrupted()
            }
            if let waited = patience.complaint(at: now) {
                log.info("waiting for \(waited.spoken): \(what())")
                giveUpLostShards(at: now)
            }
        }
    }

    private func handleServer(_ envelope: Envelope) {
        switch envelope.header {
        case .arrived(let id, let result, _): round?.arrived(id, result)
        case .updated(let version): self.version = version
        case .parameters(let version): snapshot = ParameterSnapshot(version: version, frames: envelope.tensors)
        default: break
        }
    }

    /// A shard that is out for many times as long as others took was lost on the way, or its lane is stuck.
    private func giveUpLostShards(at now: ContinuousClock.Instant) {
        let median = shardSeconds.isEmpty ? 120 : shardSeconds.sorted()[shardSeconds.count / 2]
        let limit = Duration.seconds(max(25, 5 * median))
        let shards = round?.schedule.giveUp(olderThan: limit, at: now) ?? []
        if !shards.isEmpty { log.warning("shards \(shards) have been out for over \(limit.spoken); handed out again") }
    }

    private func sendHeartbeats(at now: ContinuousClock.Instant) throws {
        guard now >= nextHeartbeat else { return }
        nextHeartbeat = now + Self.heartbeatInterval
        for member in roster.inOrder { try workers.send(.heartbeat(idleLanes: 0), run: run, to: member.id) }
    }
}

/// The parameters of a version, as frames that share the server's memory.
struct ParameterSnapshot {
    let version: UInt64
    let frames: [Message]
}
