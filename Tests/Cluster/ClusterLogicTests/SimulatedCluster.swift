import Messages

@testable import ClusterLogic

typealias Instant = ContinuousClock.Instant

/// A coordinator with the scheduler, parameter servers and workers, on a clock of their own.
struct SimulatedCluster {
    /// What happens, some time after it was caused.
    enum Event {
        case toWorker(NodeID, Word)
        case toServer(Int, Order)
        case toCoordinator(Report)
        case finished(NodeID, ShardAttempt)
        /// A worker looks whether it can begin something.
        case look(NodeID)
        case heartbeat(NodeID)
        case join(Int)
        case expire(NodeID)
        case ready(round: UInt64, shard: Int)
        case tick

        var concernsScheduler: Bool {
            switch self {
            case .toCoordinator, .join, .expire, .ready, .tick: true
            case .toWorker, .toServer, .finished, .look, .heartbeat: false
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
        case assign(ShardAttempt, Scheduler.Purpose)
        case cancel(ShardAttempt)
        /// A parameter server has taken a push.
        case taken(ShardAttempt, part: Int)
        case refuse
    }

    enum Order {
        case open(round: UInt64, firstAttempt: Int)
        case apply(round: UInt64)
        case push(ShardAttempt, digest: UInt64, isDamaged: Bool, from: NodeID)
    }

    enum Report {
        case arrived(ShardAttempt, part: Int, digest: UInt64)
        case rejected(ShardAttempt)
        case audited(ShardAttempt, digests: [UInt64], from: NodeID)
        case updated(server: Int, version: UInt64)
        case heartbeat(NodeID, held: [ShardAttempt], sent: [ShardAttempt], since: Instant)
        case leave(NodeID, finishing: [ShardAttempt])
    }

    struct Worker {
        let id: NodeID
        let number: Int
        let lanes: Int
        let fingerprint: String
        let isCorrupt: Bool
        /// Everything it was ever told to compute.
        var told: [ShardAttempt: Scheduler.Purpose] = [:]
        var waiting: [ShardAttempt] = []
        var computing: [ShardAttempt] = []
        /// Which parts no server has taken yet.
        var sent: [ShardAttempt: Set<Int>] = [:]
        var isLeaving = false
        var pausedUntil: Instant?
    }

    struct Server {
        var version: UInt64 = 0
        var rounds: [UInt64: Round] = [:]
        /// What counts in each open round, by shard.
        var counted: [UInt64: [Int: UInt64]] = [:]
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
    var onTheWay = 0
    var lastChange: Instant
    var incarnations: UInt64 = 0

    var scheduler = Scheduler()
    var workers: [NodeID: Worker] = [:]
    var servers: [Server]
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
        servers = Array(repeating: Server(), count: weather.parts)
    }

    mutating func expect(_ condition: Bool, _ promise: @autoclosure () -> String) {
        if !condition && failure == nil { failure = "\(promise()), at \(start.duration(to: now))" }
    }

    /// Lets the world go on until all rounds are closed; returns what went wrong.
    mutating func run() -> String? {
        for number in 0..<weather.workers { plan(.join(number), in: 0...300) }
        for _ in 0..<2 { openRound() }
        obey()
        var count = 0
        while failure == nil, !isAbandoned, closed.count < weather.rounds {
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
        case .toCoordinator(let report):
            receive(report)
        case .finished(let id, let attempt):
            guard !postponed(event, by: id) else { return }
            finish(attempt, at: id)
        case .look(let id):
            guard !postponed(event, by: id) else { return }
            beginWork(at: id)
        case .heartbeat(let id):
            guard !postponed(event, by: id) else { return }
            beat(id)
        case .join(let number):
            join(number)
        case .expire(let id):
            _ = scheduler.lose(id, at: now)
            changed()
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
            if case .toCoordinator(.heartbeat) = event {} else { onTheWay += 1 }
            events.add(event, at: arrival)
        }
    }

    mutating func tell(_ worker: NodeID, _ word: Word) { send(.toWorker(worker, word), along: .toWorker(worker)) }

    mutating func order(_ server: Int, _ order: Order) {
        send(.toServer(server, order), along: .toServer(server), isReliable: true)
    }

    /// Of a server. Where results can be wrong, its word must not be lost: what counts there would not be known.
    mutating func report(_ report: Report, from server: Int) {
        var isReliable = weather.corrupt > 0
        if case .updated = report { isReliable = true }
        send(.toCoordinator(report), along: .fromServer(server), isReliable: isReliable)
    }

    mutating func report(_ report: Report, from worker: NodeID) {
        send(.toCoordinator(report), along: .fromWorker(worker))
    }

    // MARK: Parameter servers

    mutating func receive(_ order: Order, at server: Int) {
        switch order {
        case .open(let round, let firstAttempt):
            // One that came twice; a round that was begun again is known by its first attempt.
            if servers[server].version > round || servers[server].rounds[round]?.firstAttempt == firstAttempt { return }
            servers[server].rounds[round] = Round(number: round, shards: weather.shards, firstAttempt: firstAttempt)
            servers[server].counted[round] = [:]
        case .apply(let round):
            guard servers[server].version == round else { return }
            expect(servers[server].rounds[round]?.isComplete == true, "server \(server) has all of round \(round)")
            checkCounted(servers[server].counted[round] ?? [:], round: round, server: server)
            servers[server].version = round + 1
            servers[server].rounds[round] = nil
            report(.updated(server: server, version: round + 1), from: server)
            for id in workers.keys.sorted() { plan(.look(id), in: 1...9) }
        case .push(let attempt, let digest, let isDamaged, let node):
            take(attempt, digest, isDamaged: isDamaged, at: server)
            tell(node, .taken(attempt, part: server))
        }
        changed()
    }

    mutating func take(_ attempt: ShardAttempt, _ digest: UInt64, isDamaged: Bool, at server: Int) {
        if isDamaged { return report(.rejected(attempt), from: server) }
        switch servers[server].rounds[attempt.round]?.receive([attempt]) {
        case .accept:
            let former = servers[server].counted[attempt.round]!.updateValue(digest, forKey: attempt.shard)
            expect(former == nil, "\(attempt) is counted once")
            report(.arrived(attempt, part: server, digest: digest), from: server)
        case .compare:
            report(.arrived(attempt, part: server, digest: digest), from: server)
        case .ignore, nil:
            report(.rejected(attempt), from: server)
        }
    }
}
