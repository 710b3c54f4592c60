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
}

/// The cluster as the training loop sees it: rounds of shards go in, their results come out.
///
/// One thread. Whatever it waits for, `pump` keeps the cluster alive meanwhile: it takes workers in, hands out shards,
/// notices the dead and says what it waits for.
final class Cluster {
    let run: UInt64
    private let configuration: [UInt8]
    private let classes: Int
    private let log: Logger
    private let context: Context
    private let workers: Socket
    private let server: Socket
    private let serverEndpoint: String
    private let serverThread: ServerThread
    private let loader: ShardLoader
    private var local: LocalWorkers?
    private(set) var roster = Roster(lease: Cluster.lease)
    /// Everybody who ever took part, by name.
    private(set) var everyone: Set<String> = []
    private(set) var lostWorkers = 0
    private(set) var repeatedShards = 0
    private var schedule: ShardSchedule?
    private var assignment: RoundAssignment?
    private var results = RoundResults()
    private var version: UInt64
    private var snapshot: ParameterSnapshot?
    private var nextHeartbeat = ContinuousClock.now
    private var patience = Patience(at: .now)
    private var foreignPeers: Set<NodeID> = []
    private let folder: PrivateFolder?
    private let interruption: Interruption
    private var hasEnded = false

    /// The user wants an end, and nobody is there who could finish the step.
    struct Interrupted: Error {}

    static let lease = Duration.seconds(5)
    private static let heartbeatInterval = Duration.seconds(1)

    /// What every shard of the open round has in common.
    private struct RoundAssignment {
        let kind: Header.Assignment.Kind
        let shards: [[UInt32]]
        let version: UInt64
        let samples: Int
    }

    /// What the shards of a round gave, by shard.
    struct RoundResults {
        var training: [Header.TrainingResult?] = []
        var probabilities: [[Float]?] = []
        var failure: String?
    }

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
            until: { self.roster.count >= count }, waitingFor: { "\(self.roster.count) of \(count) workers are there" })
    }

    /// Begins to make a round's shards ahead of time.
    func prepare(step: UInt64, shards: [[UInt32]], epoch: Int) {
        loader.prepare(round: step, shards: shards, epoch: epoch)
    }

    /// Trains one step on these shards, and returns their results in order.
    func train(step: UInt64, shards: [[UInt32]], epoch: Int) throws -> [Header.TrainingResult] {
        precondition(step == version, "step \(step) at version \(version)")
        prepare(step: step, shards: shards, epoch: epoch)
        try server.send(.openRound(step, shards: shards.count), run: run)
        open(
            step,
            RoundAssignment(
                kind: .train, shards: shards, version: version, samples: shards.reduce(0) { $0 + $1.count }))
        try pump(until: { self.version == step + 1 }, waitingFor: describeRound)
        let results = close(step).training.compactMap { $0 }
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
        open(
            round,
            RoundAssignment(
                kind: .score, shards: shards, version: version, samples: shards.reduce(0) { $0 + $1.count }))
        try pump(until: { self.schedule!.isComplete }, waitingFor: describeRound)
        return close(round).probabilities.map { $0! }
    }

    /// The parameters as they are now. The frames stay valid for as long as they are held.
    func snapshot(withVelocity: Bool) throws -> ParameterSnapshot {
        snapshot = nil
        try server.send(.pull(version: version, withVelocity: withVelocity), run: run)
        try pump(until: { self.snapshot != nil }, waitingFor: { "the parameter server" }, needsWorkers: false)
        return snapshot!
    }

    /// Tells everybody that the run is over.
    func end(reason: String) throws {
        guard !hasEnded else { return }
        hasEnded = true
        for member in roster.inOrder { try workers.send(.stop(reason: reason), run: run, to: member.id) }
        try server.send(.stop(reason: reason), run: run)
        serverThread.join()
        local?.end()
        local = nil
    }

    private func open(_ round: UInt64, _ assignment: RoundAssignment) {
        schedule = ShardSchedule(round: round, shards: assignment.shards.count)
        self.assignment = assignment
        results = RoundResults(
            training: Array(repeating: nil, count: assignment.shards.count),
            probabilities: Array(repeating: nil, count: assignment.shards.count))
    }

    private func close(_ round: UInt64) -> RoundResults {
        repeatedShards += schedule!.repeatedAttempts
        schedule = nil
        assignment = nil
        loader.discard(round: round)
        return results
    }

    private func describeRound() -> String {
        guard let schedule else { return "the parameter server" }
        if roster.count == 0 { return "no worker is connected; \(schedule.remaining) shards wait for one" }
        let busy = roster.inOrder.filter { !schedule.shards(of: $0.id).isEmpty }.map { "\($0.id)" }
        return "\(schedule.remaining) shards are out, with \(busy.isEmpty ? "nobody" : busy.joined(separator: ", "))"
    }

    // MARK: The loop

    private func pump(until isDone: () -> Bool, waitingFor what: () -> String, needsWorkers: Bool = true) throws {
        patience.reset(at: .now)
        while true {
            try handOut()
            if isDone() { return }
            var poller = Poller()
            poller.add(server)
            poller.add(workers)
            if let local { poller.add(fileDescriptor: local.deaths.fileHandleForReading.fileDescriptor) }
            _ = try poller.wait(timeout: .milliseconds(200))
            let now = ContinuousClock.now
            while let envelope = try server.receiveEnvelope() {
                try handleServer(envelope)
                patience.reset(at: now)
            }
            while let (peer, result) = try workers.receiveFromPeer() {
                switch result {
                case .success(let envelope): try handle(envelope, from: peer, at: now)
                case .failure(let error): try refuse(peer, error)
                }
            }
            if needsWorkers && roster.count == 0 && interruption.isRequested { throw Interrupted() }
            if let failure = results.failure { throw RunFailure(.internalError, failure) }
            try serverThread.checkAlive()
            try buryTheDead(at: now)
            try sendHeartbeats(at: now)
            if let waited = patience.complaint(at: now) {
                log.info("waiting for \(waited.spoken): \(what())")
            }
        }
    }

    private func handleServer(_ envelope: Envelope) throws {
        switch envelope.header {
        case .arrived(let id, let result, let worker):
            guard id.round == schedule?.round, schedule!.complete(shard: id.shard, attempt: id.attempt) else { return }
            results.training[id.shard] = result
            roster.credit(worker, seconds: result.seconds)
        case .updated(let version): self.version = version
        case .parameters(let version):
            snapshot = ParameterSnapshot(version: version, frames: envelope.tensors)
        default: break
        }
    }

    private func handle(_ envelope: Envelope, from peer: NodeID, at now: ContinuousClock.Instant) throws {
        if case .join(let join) = envelope.header { return try takeIn(peer, join, at: now) }
        guard envelope.run == run, roster.contains(peer) else { return }
        roster.heard(from: peer, at: now)
        switch envelope.header {
        case .ready(let lanes): roster.laneIsIdle(peer, lanes: lanes)
        case .scores(let id, let seconds): receiveScores(id, seconds, envelope.tensors, from: peer)
        case .failure(let id, let reason):
            guard id.round == schedule?.round else { return }
            schedule!.fail(shard: id.shard, attempt: id.attempt)
            if id.shard < assignment!.shards.count {
                results.failure =
                    "step \(id.round), shard \(id.shard) (samples "
                    + assignment!.shards[id.shard].map(String.init).joined(separator: " ")
                    + ") on \(peer): \(reason); the step was not applied, the last checkpoint is kept"
            }
        case .goodbye(let reason): lose(peer, "said goodbye: \(reason)")
        default: break
        }
    }

    private func receiveScores(_ id: ShardAttempt, _ seconds: Double, _ tensors: [Message], from peer: NodeID) {
        guard id.round == schedule?.round, let assignment, assignment.kind == .score,
            assignment.shards.indices.contains(id.shard), let frame = tensors.first,
            let floats = FloatFrame(frame, count: assignment.shards[id.shard].count * classes),
            schedule!.complete(shard: id.shard, attempt: id.attempt)
        else { return }
        results.probabilities[id.shard] = Array(UnsafeBufferPointer(start: floats.base, count: floats.count))
        roster.credit(peer.name, seconds: seconds)
        patience.reset(at: .now)
    }

    private func takeIn(_ peer: NodeID, _ join: Header.Join, at now: ContinuousClock.Instant) throws {
        guard join.build == Wire.build else {
            return try refuse(peer, RunFailure(.clusterUnreachable, "it is build \(join.build), this is \(Wire.build)"))
        }
        guard (1...4096).contains(join.lanes) else {
            return try refuse(peer, RunFailure(.clusterUnreachable, "\(join.lanes) lanes are not between 1 and 4096"))
        }
        // A worker that joins again, itself or its successor, has forgotten its shards.
        for former in roster.join(peer, lanes: join.lanes, at: now) + [peer] { giveBack(former) }
        roster.heard(from: peer, at: now)
        if everyone.insert(peer.name).inserted {
            log.info("\(peer) joins: \(join.lanes) lane(s) on \(join.host), process \(join.process), \(join.processor)")
        } else {
            log.info("\(peer) joins again, process \(join.process)")
        }
        try workers.send(
            .welcome(configuration: configuration, parameterServer: serverEndpoint), run: run, to: peer)
    }

    private func refuse(_ peer: NodeID, _ error: any Error) throws {
        guard foreignPeers.insert(peer).inserted else { return }
        log.warning("\(peer) is refused: \(error)")
        try workers.send(.refusal(reason: "\(error)"), run: run, to: peer)
    }

    private func buryTheDead(at now: ContinuousClock.Instant) throws {
        for (name, cause) in try local?.replaceTheDead(at: now) ?? [] {
            for member in roster.inOrder where member.id.name == name { lose(member.id, "ended by \(cause)") }
        }
        for (id, silence) in roster.expire(at: now) { lose(id, "has been silent for \(silence.spoken)") }
    }

    private func lose(_ id: NodeID, _ cause: String) {
        roster.leave(id)
        lostWorkers += 1
        let shards = giveBack(id)
        log.warning("\(id) \(cause)\(shards.isEmpty ? "" : "; its shards \(shards) go to others")")
    }

    @discardableResult
    private func giveBack(_ id: NodeID) -> [Int] { schedule?.release(id) ?? [] }

    private func sendHeartbeats(at now: ContinuousClock.Instant) throws {
        guard now >= nextHeartbeat else { return }
        nextHeartbeat = now + Self.heartbeatInterval
        for member in roster.inOrder { try workers.send(.heartbeat, run: run, to: member.id) }
    }

    /// Gives waiting shards to idle lanes, one a worker in turn.
    private func handOut() throws {
        guard let assignment, schedule != nil else { return }
        var progress = true
        while progress {
            progress = false
            for member in roster.inOrder where member.idleLanes > 0 {
                guard let (shard, attempt) = schedule!.assign(to: member.id) else { return }
                let id = ShardAttempt(round: schedule!.round, shard: shard, attempt: attempt)
                let tensors = loader.tensors(round: id.round, shard: shard)
                var frames = [try tensors.images.frame()]
                if assignment.kind == .train { frames.append(try tensors.labels.withUnsafeBytes { try Message($0) }) }
                let isSent = try workers.send(
                    .assignment(
                        .init(
                            kind: assignment.kind, id: id, version: assignment.version,
                            roundSamples: assignment.samples, samples: assignment.shards[shard])),
                    run: run, tensors: frames, to: member.id)
                if isSent {
                    roster.laneIsBusy(member.id)
                    progress = true
                } else {
                    lose(member.id, "is not connected any more")
                }
            }
        }
    }
}

/// The parameters of a version, as frames that share the server's memory.
struct ParameterSnapshot {
    let version: UInt64
    let frames: [Message]
}
