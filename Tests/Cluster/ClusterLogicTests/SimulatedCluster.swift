import Messages

@testable import ClusterLogic

typealias Instant = ContinuousClock.Instant

/// A coordinator, parameter servers and workers, on a clock of their own: `Scheduler`, `Roster`, `Steps` and
/// `ServerLife` as the programs have them, and between them messages that are lost, come twice and come late.
struct SimulatedCluster {
    /// What happens, some time after it was caused.
    enum Event {
        case toWorker(NodeID, Word)
        case toServer(Int, Order)
        case toCoordinator(Report, run: UInt64)
        case finished(NodeID, ShardAttempt, run: UInt64)
        /// A server has fetched its part.
        case fetched(Int, run: UInt64)
        /// A parameter server ends; another takes its place.
        case serverLost(Int, run: UInt64)
        /// The coordinator says to servers what they should know by now, and looks who is silent.
        case pulse
        /// A worker looks whether it can begin something.
        case look(NodeID)
        case heartbeat(NodeID)
        case join(Int)
        case expire(NodeID)
        case ready(round: UInt64, shard: Int)
        case tick

        var concernsScheduler: Bool {
            switch self {
            case .toCoordinator, .expire, .ready, .tick, .pulse, .serverLost: true
            case .toWorker, .toServer, .finished, .look, .heartbeat, .join, .fetched: false
            }
        }
    }

    enum Link: Hashable {
        case toWorker(NodeID)
        case toServer(Int)
        case fromServer(Int)
        case fromWorker(NodeID)
        case push(NodeID, to: Int)
    }

    enum Word {
        case welcome(run: UInt64)
        case assign(ShardAttempt, Scheduler.Purpose, run: UInt64)
        case cancel(ShardAttempt, run: UInt64)
        /// A parameter server has taken a push.
        case taken(ShardAttempt, part: Int, run: UInt64)
        /// The coordinator does not know it: it is to join anew.
        case leave
        case refuse
    }

    enum Order {
        case step(Steps.Order, run: UInt64, version: UInt64)
        case push(ShardAttempt, digest: UInt64, isDamaged: Bool, from: NodeID, run: UInt64)
    }

    enum Report {
        case join(NodeID)
        case arrived(ShardAttempt, part: Int, digest: UInt64)
        case rejected(ShardAttempt)
        case audited(ShardAttempt, digests: [UInt64], from: NodeID)
        case updated(server: Int, version: UInt64)
        case missed(server: Int)
        case heartbeat(NodeID, held: [ShardAttempt], sent: [ShardAttempt], since: Instant)
        case leave(NodeID, finishing: [ShardAttempt])
    }

    struct Worker {
        let id: NodeID
        let number: Int
        let lanes: Int
        let fingerprint: String
        let isCorrupt: Bool
        /// That it takes part in; nil until it is welcome.
        var run: UInt64?
        /// Everything it was ever told to compute.
        var told: [ShardAttempt: Scheduler.Purpose] = [:]
        var waiting: [ShardAttempt] = []
        var computing: [ShardAttempt] = []
        /// Lanes that compute for a former run.
        var strayLanes = 0
        /// Which parts no server has taken yet.
        var sent: [ShardAttempt: Set<Int>] = [:]
        var isLeaving = false
        var pausedUntil: Instant?
    }

    /// What was said about a shard's part, as the coordinator heard it.
    struct Testimony {
        let attempt: Int
        let fingerprint: String
        let digest: UInt64
    }

    let seed: UInt64
    let weather: Weather
    let isGuarded: Bool
    /// Until then faults happen.
    static let faultsEnd = Duration.seconds(20)
    static let heartbeat = Duration.milliseconds(50)
    static let lease = Duration.milliseconds(400)

    var dice: Dice
    let start = ContinuousClock.now
    var now: Instant
    var events = Timeline<Event>()
    /// When the last message of each link arrives: none overtakes another.
    var links: [Link: Instant] = [:]
    /// Heartbeats of each worker that were sent and arrived since anything changed.
    var quietHeartbeats: [NodeID: Int] = [:]
    /// When the last of them was sent.
    var quietSince: [NodeID: Instant] = [:]
    var onTheWay = 0
    var lastChange: Instant
    var incarnations: UInt64 = 0

    var scheduler = Scheduler()
    var roster = Roster(lease: Self.lease)
    var steps: Steps
    var run: UInt64 = 0
    /// The parameters are placed, but no round is open yet.
    var isPlacing = false
    var placements = 0
    var workers: [NodeID: Worker] = [:]
    var servers: [ServerLife]
    /// The workers' names that may not come back.
    var banned: Set<Int> = []
    var opened: UInt64 = 0
    var closed: [UInt64] = []
    var isAbandoned = false
    var plannedTick: Instant?

    // What the coordinator was told, kept apart from what the scheduler makes of it.
    var audited: [UInt64: Set<Int>] = [:]
    var firstAttempts: [UInt64: Int] = [:]
    var issued: [ShardAttempt: (node: NodeID, fingerprint: String)] = [:]
    var testimonies: [UInt64: [Int: [Int: [Testimony]]]] = [:]

    var quietMoments = 0
    /// The first promise that was broken.
    var failure: String?

    init(seed: UInt64, isGuarded: Bool = false) {
        self.seed = seed
        self.isGuarded = isGuarded
        dice = Dice(seed: seed)
        weather = isGuarded ? .guarded(&dice) : Weather(&dice)
        now = start
        lastChange = start
        servers = Array(repeating: ServerLife(mostShards: weather.shards), count: weather.parts)
        steps = Steps(servers: weather.parts)
    }

    mutating func expect(_ condition: Bool, _ promise: @autoclosure () -> String) {
        if !condition && failure == nil { failure = "\(promise()), at \(start.duration(to: now))" }
    }

    /// Lets the world go on until all rounds are closed; returns what went wrong.
    mutating func live() -> String? {
        for number in 0..<weather.workers { plan(.join(number), in: 0...300) }
        place()
        plan(.pulse, in: 1...50)
        obey()
        var count = 0
        while failure == nil, !isAbandoned, !isDone {
            count += 1
            guard count < 100_000, let (time, event) = events.next() else {
                failure = "the run does not end: \(count) events, \(start.duration(to: now))"
                break
            }
            now = time
            happen(event)
            guard event.concernsScheduler else { continue }
            obey()
            checkScheduler()
            checkLanes()
        }
        return failure
    }

    /// All rounds are closed, and their steps taken by every server.
    var isDone: Bool { weather.isScoring ? closed.count == weather.rounds : steps.version == weather.rounds }

    // MARK: What happens

    mutating func happen(_ event: Event) {
        switch event {
        case .toWorker(let id, let word):
            guard !postponed(event, by: id) else { return }
            onTheWay -= 1
            receive(word, at: id)
        case .toServer(let server, let order):
            onTheWay -= 1
            receive(order, at: server)
        case .toCoordinator(let report, let run):
            receive(report, of: run)
        case .finished(let id, let attempt, let run):
            guard !postponed(event, by: id) else { return }
            finish(attempt, at: id, for: run)
        case .fetched(let server, let run):
            guard servers[server].run == run, servers[server].stage == .fetching else { return }
            servers[server].begin()
            report(.updated(server: server, version: servers[server].version), from: server)
            for id in workers.keys.sorted() { plan(.look(id), in: 1...9) }
        case .serverLost(let server, let run):
            guard run == self.run else { return }
            servers[server] = ServerLife(mostShards: weather.shards)
            place()
        case .pulse:
            pulse()
        case .look(let id):
            guard !postponed(event, by: id) else { return }
            beginWork(at: id)
        case .heartbeat(let id):
            guard !postponed(event, by: id) else { return }
            beat(id)
        case .join(let number):
            join(number)
        case .expire(let id):
            lose(id)
        case .ready(let round, let shard):
            scheduler.ready(round: round, shard: shard, at: now)
            changed()
        case .tick:
            plannedTick = nil
            scheduler.tick(at: now)
            expect(scheduler.nextDeadline() ?? now + .seconds(1) > now, "the scheduler wants to be asked again at once")
        }
    }

    /// What a paused worker is to do happens when it goes on.
    mutating func postponed(_ event: Event, by id: NodeID) -> Bool {
        guard let end = workers[id]?.pausedUntil else { return false }
        if now < end {
            events.add(event, at: end)
            return true
        }
        workers[id]!.pausedUntil = nil
        return false
    }

    mutating func plan(_ event: Event, in milliseconds: ClosedRange<Int>) {
        events.add(event, at: now + dice.milliseconds(milliseconds))
    }

    /// Something is different; those who watch for quiet begin anew.
    mutating func changed() {
        lastChange = now
        quietHeartbeats.removeAll(keepingCapacity: true)
    }

    var isFaulty: Bool { start.duration(to: now) < Self.faultsEnd }

    mutating func isLost() -> Bool { isFaulty && dice.roll(weather.loss) }

    // MARK: Messages

    /// Sends along a link, on which nothing is overtaken, but something may be lost or come twice.
    mutating func send(_ event: Event, along link: Link, isReliable: Bool = false) {
        if !isReliable && isLost() { return }
        let copies = isFaulty && dice.roll(weather.repetition) ? 2 : 1
        for _ in 0..<copies {
            let arrival = max(now + dice.milliseconds(1...9), links[link] ?? now)
            links[link] = arrival
            if case .toCoordinator(.heartbeat, _) = event {} else { onTheWay += 1 }
            events.add(event, at: arrival)
        }
    }

    mutating func tell(_ worker: NodeID, _ word: Word) { send(.toWorker(worker, word), along: .toWorker(worker)) }

    /// The first server is in the coordinator's own process.
    mutating func order(_ server: Int, _ order: Steps.Order) {
        send(
            .toServer(server, .step(order, run: run, version: steps.version)), along: .toServer(server),
            isReliable: server == 0)
    }

    /// Of a server. Where results can be wrong, its word must not be lost: what counts there would not be known.
    mutating func report(_ report: Report, from server: Int) {
        send(
            .toCoordinator(report, run: servers[server].run), along: .fromServer(server),
            isReliable: server == 0 || weather.corrupt > 0)
    }

    mutating func report(_ report: Report, from worker: NodeID, for run: UInt64? = nil) {
        send(.toCoordinator(report, run: run ?? workers[worker]?.run ?? 0), along: .fromWorker(worker))
    }

    // MARK: Parameter servers

    mutating func receive(_ order: Order, at server: Int) {
        switch order {
        case .step(.place, let run, let version): place(on: server, run: run, version: version)
        case .step(let order, let run, _): if run == servers[server].run { obey(order, at: server) }
        case .push(let attempt, let digest, let isDamaged, let node, let run):
            guard run == servers[server].run, servers[server].stage == .serving else { break }
            take(attempt, digest, isDamaged: isDamaged, at: server)
            tell(node, .taken(attempt, part: server, run: run))
        }
        changed()
    }

    mutating func place(on server: Int, run: UInt64, version: UInt64) {
        // A late order of a former placement is not said any more by a coordinator that has another.
        guard run >= servers[server].run else { return }
        switch servers[server].place(run: run, version: version) {
        case .fetch: plan(.fetched(server, run: run), in: 5...100)
        case .tell: report(.updated(server: server, version: servers[server].version), from: server)
        case .askAgain: break
        }
    }

    mutating func obey(_ order: Steps.Order, at server: Int) {
        switch order {
        case .place: break
        case .open(let step, let shards, let firstAttempt):
            let version = servers[server].version
            let isPossible = servers[server].open(step, shards: shards, firstAttempt: firstAttempt) != nil
            expect(isPossible, "step \(step) can be opened at server \(server) of version \(version)")
        case .apply(let step, let firstAttempt):
            switch servers[server].apply(step, firstAttempt: firstAttempt, isLent: dice.roll(0.1)) {
            case .take:
                checkCounted(step, at: server)
                servers[server].take()
                for id in workers.keys.sorted() { plan(.look(id), in: 1...9) }
                report(.updated(server: server, version: servers[server].version), from: server)
            case .tell: report(.updated(server: server, version: servers[server].version), from: server)
            case .wait:
                events.add(
                    .toServer(server, .step(order, run: servers[server].run, version: 0)), at: now + .milliseconds(20))
                onTheWay += 1
            case .missed: report(.missed(server: server), from: server)
            case .ignore: break
            }
        }
    }

    mutating func take(_ attempt: ShardAttempt, _ digest: UInt64, isDamaged: Bool, at server: Int) {
        if isDamaged { return report(.rejected(attempt), from: server) }
        let pushes = [ServerLife.Push(attempt, digest: digest)]
        let reception = servers[server].receive(pushes)
        for one in servers[server].reports(on: pushes, reception) {
            switch one {
            case .arrived(let id, let digest): report(.arrived(id, part: server, digest: digest), from: server)
            case .rejected(let id, _): report(.rejected(id), from: server)
            }
        }
    }
}
