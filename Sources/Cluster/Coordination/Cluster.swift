import ClusterLogic
import Foundation
import Logging
import Messages
import Optimization
import ParameterServing
import Parameters
import Programs
import Randomness
import Training
import Transport
import ZeroMQ

/// The cluster as the training loop sees it: rounds of shards go in, their results come out.
///
/// One thread. `Scheduler` decides, this carries out: whatever it waits for, `pump` keeps the cluster alive meanwhile.
/// It takes nodes in, hands out shards, notices the dead and says what it waits for.
package final class Cluster {
    /// The run and its placement on parameter servers: with each placement there is a new number, and what still comes
    /// of the old one is ignored.
    private(set) var run: UInt64 = 0
    let configuration: [UInt8]
    let layout: ParameterLayout
    let classes: Int
    package let trust: TrustSettings
    let log: Logger
    private let seed: UInt64
    private let context: Context
    private let doorkeeper: Doorkeeper?
    let workers: SocketBox
    package let servers: ParameterServers
    /// Where workers reach the coordinator.
    package let endpoint: String
    let loader: ShardLoader
    var local: LocalWorkers?
    package var roster = Roster(lease: Heartbeat.lease)
    package var scheduler = Scheduler()
    var rounds: [UInt64: OpenRound] = [:]
    /// Everybody who ever took part, by name.
    package var everyone: Set<String> = []
    package var lostWorkers = 0
    /// Of results that counted, how many are told of.
    private var otherShardsTold = 0
    private var otherSteps = 0
    /// Shards of which bitwise peers came to different results.
    package var disagreements = 0
    /// Shards that were handed out more than once, audits apart.
    package private(set) var repeatedShards = 0
    /// The fingerprint that all nodes should have: this process's.
    let fingerprint: String
    var failure: (any Error)?
    /// Steps that the servers have taken.
    package var version: UInt64 { servers.steps.version }
    private var nextHeartbeat = ContinuousClock.now
    var patience = Patience(at: .now)
    /// Who was told to wait, and who was refused.
    var waitingPeers = FirstTimes<NodeID>()
    var refusedPeers = FirstTimes<NodeID>()
    private let folder: PrivateFolder?
    private let interruption: Interruption
    private let wakeup: Wakeup
    private var hasEnded = false

    /// How waiting ends.
    private enum Ending {
        /// What was waited for has come about.
        case done
        /// A part of the parameters is gone with its server.
        case lost(ParameterServers.Lost)
        /// The user wants an end, and what was waited for does not come.
        case interrupted
    }

    /// The user wants an end, and it does not come by itself.
    package struct Interrupted: Error {}

    /// After an interruption, a step may take so long to be completed.
    private static let grace = Duration.seconds(20)

    /// Binds the sockets, starts the parameter server and, if asked for, local workers.
    package init(
        gathering: Gathering, configuration: ClusterConfiguration, layout: ParameterLayout, trust: TrustSettings,
        load: @escaping ShardLoader.Load, interruption: Interruption, log: Logger
    ) throws {
        try gathering.checkLimits()
        fingerprint = try Fingerprint.compute()
        let isLocal = if case .local = gathering { true } else { false }
        self.interruption = interruption
        wakeup = interruption.wakeup
        self.configuration = try Array(
            JSONEncoder().encode(configuration.ofWorkers(sharingMemory: isLocal)))
        self.layout = layout
        self.trust = trust
        self.log = log
        seed = configuration.seed
        classes = configuration.model.classes
        loader = ShardLoader(waking: wakeup, load: load)
        context = try Wire.context(hasKey: gathering.key != nil, leastThreads: 2)
        doorkeeper = if case .listen = gathering { try Doorkeeper(gathering.key, in: context, log: log) } else { nil }
        let limit = Wire.frameLimit(floats: configuration.shardSize * classes)
        workers = SocketBox(
            try Wire.router(named: "workers", in: context, limit: limit, doorkeeper: doorkeeper), keeping: doorkeeper)
        let endpoints: (coordinator: String, server: String)
        switch gathering {
        case .local:
            let folder = try PrivateFolder()
            self.folder = folder
            endpoints = ("ipc://\(folder.path)/coordinator", "ipc://\(folder.path)/parameters")
        case .listen(let endpoint, _, _, _):
            folder = nil
            endpoints = (endpoint, try Wire.nextPort(after: endpoint))
        }
        do {
            endpoint = try workers.socket.listen(at: endpoints.coordinator)
        } catch {
            throw RunFailure(error.code == EINVAL ? .unusableArguments : .inputOutput, "--listen \(error)")
        }
        servers = try ParameterServers(
            configuration.ofServers(sharingMemory: isLocal), layout: layout, context: context,
            listening: endpoints.server, doorkeeper: doorkeeper,
            router: workers, waking: wakeup, log: log)
        if case .local(let count) = gathering {
            local = try LocalWorkers(
                count: count, endpoint: endpoints.coordinator, waking: wakeup, log: log)
        } else {
            log.info("listening at \(endpoint), parameters at \(servers.endpoint)")
        }
    }

    // MARK: Parameters

    /// Places these parameters on the servers that are there, and begins from them: rounds that were open are
    /// forgotten, and every worker learns where the parameters are now. Returns when all servers have their parts.
    package func place(_ source: ParameterSource) throws {
        run = .random(in: 1 ... .max)
        scheduler.abandonRounds()
        rounds = [:]
        loader.discardAll()
        try servers.place(source, run: run)
        for id in roster.inOrder { try welcome(id) }
        try wait(for: "the parameter servers, to fetch their parts") { servers.steps.isPlaced }
    }

    /// The parameters as they are now. Those that lie on other hosts come while they are read, and `wait` is called: it
    /// must be, before anything else is asked of the cluster, if the snapshot is streamed.
    package func snapshot(withVelocity: Bool) throws -> ParameterSnapshot {
        try servers.pull(withVelocity: withVelocity)
        var snapshot: ParameterSnapshot?
        try wait(for: "the parameter server") {
            snapshot = servers.takeSnapshot()
            return snapshot != nil
        }
        return snapshot!
    }

    func welcome(_ id: NodeID) throws {
        try workers.socket.send(
            .welcome(configuration: configuration, model: layout.digest, servers: servers.places), run: run, to: id)
    }

    // MARK: Rounds

    /// Waits until so many workers, and so many parameter servers beside the coordinator's, have joined.
    package func wait(forWorkers workers: Int, servers: Int) throws {
        try wait(
            until: { self.roster.count >= workers && self.servers.joined >= servers },
            waitingFor: {
                "\(self.roster.count) of \(workers) workers are there"
                    + (servers > 0 ? ", and \(self.servers.joined) of \(servers) parameter servers" : "")
            }, interruptedAfter: .zero)
    }

    /// Keeps the cluster alive until something else has come about.
    package func wait(for what: String, until isDone: () -> Bool) throws {
        try wait(until: isDone, waitingFor: { what }, interruptedAfter: nil)
    }

    /// Throws `ParameterServers.Lost`, or `Interrupted`, if it does not come about.
    private func wait(
        until isDone: () -> Bool, waitingFor what: () -> String, interruptedAfter grace: Duration?
    ) throws {
        switch try pump(until: isDone, waitingFor: what, interruptedAfter: grace) {
        case .done: return
        case .lost(let lost): throw lost
        case .interrupted: throw Interrupted()
        }
    }

    /// Trains one step on these shards, and returns their results in order. `next` are the shards of the step after it,
    /// which are handed out ahead.
    package func train(
        step: UInt64, shards: [[UInt32]], next: [[UInt32]]?, epoch: Int
    ) throws -> [Header.TrainingResult] {
        precondition(step == version, "step \(step) at version \(version)")
        try open(OpenRound(.train, number: step, shards: shards, version: step), epoch: epoch)
        if let next { try open(OpenRound(.train, number: step + 1, shards: next, version: step + 1), epoch: epoch) }
        servers.steps.await(step)
        defer { servers.steps.await(nil) }
        try wait(until: { self.version == step + 1 }, waitingFor: describeRound, interruptedAfter: Self.grace)
        let done = close(step)
        return done.training.map { $0! }
    }

    /// Computes the probabilities of these shards' samples, `[n, classes]` each, with the newest parameters.
    package func score(round: UInt64, shards: [[UInt32]]) throws -> [[Float]] {
        try open(OpenRound(.score, number: round, shards: shards, version: version), epoch: nil)
        try wait(
            until: { !self.scheduler.isOpen(round) }, waitingFor: describeRound, interruptedAfter: Self.grace)
        return close(round).probabilities.map { $0! }
    }

    private func open(_ round: OpenRound, epoch: Int?) throws {
        guard rounds[round.number] == nil else { return }
        rounds[round.number] = round
        let isTraining = round.kind == .train
        if isTraining { try servers.open(round.number, shards: round.shards.count) }
        scheduler.open(
            round: round.number, shards: round.shards.count, parts: isTraining ? servers.count : 1,
            audited: isTraining ? audited(round) : [], at: .now)
        loader.prepare(round: round.number, shards: round.shards, epoch: epoch)
    }

    /// The shards that are computed twice: a draw of the step and the shard.
    private func audited(_ round: OpenRound) -> Set<Int> {
        Set(
            round.shards.indices.filter { shard in
                var stream = CounterGenerator(
                    seed: seed, purpose: .audit, round: UInt32(truncatingIfNeeded: round.number), item: UInt32(shard)
                ).stream()
                return stream.uniform(0, 1) < trust.auditedShare
            })
    }

    /// Results that counted since this was last asked, and steps, that came from nodes that compute other bits.
    package func takeOtherBits() -> (shards: Int, steps: Int) {
        let shards = scheduler.shardsByFingerprint.reduce(0) { $0 + ($1.key == fingerprint ? 0 : $1.value) }
        defer { (otherShardsTold, otherSteps) = (shards, 0) }
        return (shards - otherShardsTold, otherSteps)
    }

    private func close(_ number: UInt64) -> OpenRound {
        loader.discard(round: number)
        let done = rounds.removeValue(forKey: number)!
        repeatedShards += max(done.handedOut.count - done.shards.count, 0)
        return done
    }

    private func describeRound() -> String {
        guard scheduler.remaining > 0 else { return "the parameter servers" }
        if roster.count == 0 { return "no worker is connected; \(scheduler.remaining) shards wait for one" }
        let busy = scheduler.busy.map { "\($0)" }
        return "\(scheduler.remaining) shards are out, with \(busy.isEmpty ? "nobody" : busy.joined(separator: ", "))"
    }

    /// Ends the run here. Nodes on other hosts are told so too, unless they are to wait for its resumption.
    package func end(reason: String, keepingRemoteWorkers: Bool = false) throws {
        guard !hasEnded else { return }
        hasEnded = true
        defer {
            workers.socket.stopReporting()
            doorkeeper?.end()
        }
        for id in roster.inOrder where local != nil || !keepingRemoteWorkers {
            try workers.socket.send(.stop(reason: reason), run: run, to: id)
        }
        try servers.end(reason: reason, keepingRemote: keepingRemoteWorkers)
        local?.end()
        local = nil
    }

    // MARK: The loop

    /// `interruptedAfter` is how long after the user's wish for an end this gives up, at once if no worker is there;
    /// nil: never.
    private func pump(
        until isDone: () -> Bool, waitingFor what: () -> String, interruptedAfter grace: Duration?
    ) throws -> Ending {
        patience.reset(at: .now)
        while true {
            // What was made for a round that was given up since is there no more.
            for key in loader.made.takeAll() where loader.tensors(round: key.round, shard: key.shard) != nil {
                scheduler.ready(round: key.round, shard: key.shard, at: .now)
            }
            try carryOut()
            if let lost = servers.takeLost() { return .lost(lost) }
            if isDone() { return .done }
            try waitForMessages()
            try doorkeeper?.checkAlive()
            let now = ContinuousClock.now
            while let envelope = try servers.receive() { try handle(envelope, fromServer: nil, at: now) }
            while let (peer, result) = try workers.socket.receiveFromPeer() {
                switch result {
                case .success(let envelope): try handle(envelope, from: peer, at: now)
                case .failure(let error): try refuse(peer, error)
                }
            }
            try servers.pullMore()
            try buryTheDead(at: now)
            scheduler.tick(at: now)
            if let failure { throw failure }
            try sendHeartbeats(at: now)
            // A step that the servers are taking is waited for.
            if let grace, !servers.steps.isApplying, let wish = interruption.requested,
                roster.count == 0 || wish.duration(to: now) > grace
            {
                return .interrupted
            }
            if let waited = patience.complaint(at: now) { log.info("waiting for \(waited.spoken): \(what())") }
        }
    }

    private func waitForMessages() throws {
        var poller = Poller()
        servers.add(to: &poller)
        poller.add(workers.socket)
        poller.add(fileDescriptor: wakeup.descriptor)
        let limit = Duration.milliseconds(200)
        let due = scheduler.nextDeadline().map { ContinuousClock.now.duration(to: $0) + .milliseconds(1) } ?? limit
        _ = try poller.wait(timeout: max(.zero, min(due, limit)))
        wakeup.drain()
    }

    /// Carries out what the scheduler has decided, and what follows from that.
    private func carryOut() throws {
        while true {
            let commands = scheduler.takeCommands()
            for command in commands { try carryOut(command) }
            if try servers.goOn() {
                if servers.computeOtherBits { otherSteps += 1 }
                scheduler.advance(at: .now)
            } else if commands.isEmpty {
                return
            }
        }
    }

    private func sendHeartbeats(at now: ContinuousClock.Instant) throws {
        guard now >= nextHeartbeat else { return }
        nextHeartbeat = now + Heartbeat.interval
        for id in roster.inOrder { try workers.socket.send(.heartbeat(held: [], sent: []), run: run, to: id) }
        try servers.sendHeartbeats()
    }
}
