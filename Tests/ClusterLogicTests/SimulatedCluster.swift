import Messages

@testable import ClusterLogic

typealias Instant = ContinuousClock.Instant

/// A small generator of random numbers with a seed.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func roll(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }
    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration { .milliseconds(number(range)) }
}

/// What a world is like; drawn from its seed.
struct Weather {
    var workers: Int
    var parts: Int
    var rounds: Int
    var shards: Int
    /// How many kinds of processor there are.
    var fingerprints: Int
    /// The rounds need no step before them, as in scoring.
    var isScoring: Bool
    /// The share of shards that are audited.
    var audits: Double
    /// Workers that are wrong now and then.
    var corrupt: Int
    /// For each message, of being lost, or of coming twice.
    var loss: Double
    var repetition: Double
    /// For each worker and heartbeat: of dying, of leaving, of being paused.
    var death: Double
    var leaving: Double
    var pause: Double

    init(_ dice: inout Dice) {
        func maybe(_ most: Double) -> Double { dice.roll(0.5) ? Double.random(in: 0...most, using: &dice) : 0 }
        workers = dice.number(1...6)
        isScoring = dice.roll(0.25)
        parts = isScoring ? 1 : dice.number(1...3)
        rounds = dice.number(2...4)
        shards = dice.number(1...9)
        fingerprints = dice.number(1...2)
        audits = dice.roll(0.5) ? 0 : dice.roll(0.5) ? 1 : 0.3
        corrupt = audits > 0 && dice.roll(0.5) ? dice.number(0...workers - 1) : 0
        loss = maybe(0.1)
        repetition = maybe(0.1)
        death = maybe(0.03)
        leaving = maybe(0.03)
        pause = maybe(0.03)
    }

    /// Everything is audited, most peers are honest, and they stay: no wrong result may count.
    static func guarded(_ dice: inout Dice) -> Weather {
        var weather = Weather(&dice)
        weather.fingerprints = 1
        weather.workers = dice.number(3...6)
        weather.corrupt = dice.number(1...(weather.workers - 1) / 2)
        weather.audits = 1
        weather.death = 0
        weather.leaving = 0
        weather.pause = 0
        return weather
    }
}

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

    // MARK: Workers

    mutating func join(_ number: Int) {
        guard !banned.contains(number) else { return }
        incarnations += 1
        let id = NodeID(name: "worker-\(number)", incarnation: incarnations)
        // The last ones are corrupt; the first always comes back.
        workers[id] = Worker(
            id: id, number: number, lanes: 1 + number % 3, fingerprint: "processor \(number % weather.fingerprints)",
            isCorrupt: number >= weather.workers - weather.corrupt)
        scheduler.join(id, lanes: 1 + number % 3, fingerprint: workers[id]!.fingerprint, at: now)
        changed()
        plan(.heartbeat(id), in: 1...50)
    }

    /// A worker is no more. The coordinator notices later; another incarnation may come.
    mutating func end(_ id: NodeID, noticedAfter time: Duration) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        events.add(.expire(id), at: now + time)
        if worker.number == 0 || dice.roll(0.8) { plan(.join(worker.number), in: 10...2000) }
        changed()
    }

    mutating func beat(_ id: NodeID) {
        guard let worker = workers[id] else { return }
        events.add(.heartbeat(id), at: now + Self.heartbeat)
        if isFaulty {
            if dice.roll(weather.death) { return end(id, noticedAfter: dice.roll(0.5) ? .zero : Self.lease) }
            if dice.roll(weather.pause) {
                let pause = dice.milliseconds(50...1000)
                workers[id]!.pausedUntil = now + pause
                if pause > Self.lease { events.add(.expire(id), at: now + Self.lease) }
                return changed()
            }
            if dice.roll(weather.leaving), !worker.isLeaving { leave(id) }
        }
        if worker.isLeaving && worker.waiting.isEmpty && worker.computing.isEmpty {
            return end(id, noticedAfter: .zero)
        }
        if worker.isLeaving { sayGoodbye(id) }
        report(
            .heartbeat(id, held: worker.computing + worker.waiting, sent: Array(worker.sent.keys), since: now), from: id
        )
    }

    mutating func leave(_ id: NodeID) {
        workers[id]!.isLeaving = true
        workers[id]!.waiting.removeAll { _ in dice.roll(0.5) }
        sayGoodbye(id)
        changed()
    }

    mutating func sayGoodbye(_ id: NodeID) {
        let worker = workers[id]!
        report(.leave(id, finishing: worker.computing + worker.waiting + worker.sent.keys), from: id)
    }

    mutating func receive(_ word: Word, at id: NodeID) {
        guard let worker = workers[id] else { return }
        switch word {
        case .assign(let attempt, let purpose):
            guard worker.told[attempt] == nil, !worker.isLeaving else { return }
            workers[id]!.told[attempt] = purpose
            workers[id]!.waiting.append(attempt)
            changed()
            beginWork(at: id)
        case .cancel(let attempt):
            if let place = worker.waiting.firstIndex(of: attempt) {
                workers[id]!.waiting.remove(at: place)
                changed()
            }
        case .taken(let attempt, let part):
            workers[id]!.sent[attempt]?.remove(part)
            if workers[id]!.sent[attempt]?.isEmpty == true { workers[id]!.sent[attempt] = nil }
            changed()
        case .refuse:
            end(id, noticedAfter: .zero)
        }
    }

    mutating func beginWork(at id: NodeID) {
        while let worker = workers[id], worker.computing.count < worker.lanes,
            let attempt = worker.waiting.first(where: { canBegin($0.round) })
        {
            workers[id]!.waiting.removeAll { $0 == attempt }
            workers[id]!.computing.append(attempt)
            plan(.finished(id, attempt), in: dice.roll(0.05) ? 1000...2000 : 50...200)
            changed()
        }
    }

    /// A step needs the parameters of the one before, from every server.
    func canBegin(_ round: UInt64) -> Bool { weather.isScoring || servers.allSatisfy { $0.version >= round } }

    mutating func finish(_ attempt: ShardAttempt, at id: NodeID) {
        guard let worker = workers[id] else { return }
        workers[id]!.computing.removeAll { $0 == attempt }
        let isWrong = worker.isCorrupt && dice.roll(0.3)
        let digests = (0..<weather.parts).map {
            isWrong ? dice.next() : rightDigest(attempt.round, attempt.shard, part: $0, worker.fingerprint)
        }
        if worker.told[attempt] == .audit {
            report(.audited(attempt, digests: digests, from: id), from: id)
        } else {
            workers[id]!.sent[attempt] = Set(0..<weather.parts)
            for (part, digest) in digests.enumerated() {
                let push = Order.push(attempt, digest: digest, isDamaged: isLost(), from: id)
                send(.toServer(part, push), along: .push(id, to: part))
            }
        }
        changed()
        beginWork(at: id)
    }

    func rightDigest(_ round: UInt64, _ shard: Int, part: Int, _ fingerprint: String) -> UInt64 {
        var dice = Dice(seed: round << 32 | UInt64(shard) << 16 | UInt64(part) << 8 | UInt64(fingerprint.utf8.last!))
        return dice.next()
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
        switch servers[server].rounds[attempt.round]?.receive(attempt) {
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

    // MARK: The coordinator

    mutating func openRound() {
        guard opened < weather.rounds else { return }
        let round = opened
        opened += 1
        let audited = Set((0..<weather.shards).filter { _ in dice.roll(weather.audits) })
        self.audited[round] = audited
        scheduler.open(round: round, shards: weather.shards, parts: weather.parts, audited: audited, at: now)
        for shard in 0..<weather.shards { plan(.ready(round: round, shard: shard), in: 0...40) }
        if round == 0 || weather.isScoring { openAtServers(round, firstAttempt: 1) }
    }

    mutating func openAtServers(_ round: UInt64, firstAttempt: Int) {
        firstAttempts[round] = firstAttempt
        for server in servers.indices { order(server, .open(round: round, firstAttempt: firstAttempt)) }
    }

    mutating func receive(_ report: Report) {
        if case .heartbeat = report {} else { onTheWay -= 1 }
        switch report {
        case .arrived(let attempt, let part, let digest):
            hear(attempt, part: part, digest: digest)
            scheduler.result(attempt, part: part, digest: digest, at: now)
        case .rejected(let attempt):
            scheduler.fail(attempt, at: now)
        case .audited(let attempt, let digests, let node):
            guard scheduler.contains(node) else { return }
            for (part, digest) in digests.enumerated() { hear(attempt, part: part, digest: digest) }
            scheduler.audited(attempt, digests: digests, at: now)
        case .updated(_, let version):
            if scheduler.current == version - 1, servers.allSatisfy({ $0.version == version }) { advance() }
        case .heartbeat(let node, let held, let sent, let since):
            guard scheduler.contains(node) else { return tell(node, .refuse) }
            scheduler.heartbeat(of: node, held: held, sent: sent, at: now)
            if since > lastChange { quietHeartbeats[node, default: 0] += 1 }
            return
        case .leave(let node, let kept):
            scheduler.retire(node, finishing: kept, at: now)
        }
        changed()
    }

    mutating func hear(_ attempt: ShardAttempt, part: Int, digest: UInt64) {
        guard attempt.attempt >= firstAttempts[attempt.round] ?? 1, let issue = issued[attempt],
            testimonies[attempt.round]?[attempt.shard]?[part]?.contains(where: { $0.attempt == attempt.attempt })
                != true
        else { return }
        testimonies[attempt.round, default: [:]][attempt.shard, default: [:]][part, default: []].append(
            Testimony(attempt: attempt.attempt, fingerprint: issue.fingerprint, digest: digest))
    }

    mutating func advance() {
        scheduler.advance(at: now)
        openRound()
    }

    /// Carries out what the scheduler says.
    mutating func obey() {
        while true {
            let commands = scheduler.takeCommands()
            if commands.isEmpty { break }
            for command in commands { obey(command) }
        }
        planTick()
    }

    mutating func obey(_ command: Scheduler.Command) {
        switch command {
        case .assign(let attempt, let purpose, let node):
            checkAssignment(attempt, purpose, node)
            tell(node, .assign(attempt, purpose))
            changed()
        case .cancel(let attempt, let node):
            tell(node, .cancel(attempt))
        case .close(let round):
            checkClosing(round)
            closed.append(round)
            if weather.isScoring {
                checkCounted(servers[0].counted[round] ?? [:], round: round, server: 0)
                return advance()
            }
            for server in servers.indices { order(server, .apply(round: round)) }
            if round + 1 < weather.rounds { openAtServers(round + 1, firstAttempt: 1) }
        case .restart(let round, let firstAttempt):
            testimonies[round] = nil
            openAtServers(round, firstAttempt: firstAttempt)
        case .dismiss(let node):
            expect(weather.corrupt > 0 && isCorrupt(node), "\(node) is dismissed though it is honest")
            banned.insert(Int(node.name.dropFirst("worker-".count))!)
            tell(node, .refuse)
            _ = scheduler.lose(node, at: now)
        case .convict(let node, _, _):
            expect(isCorrupt(node), "\(node) is convicted though it is honest")
        case .report:
            expect(weather.corrupt > 0, "there is nothing to report")
        case .abandon:
            expect(weather.corrupt > 0, "there is no reason to abandon the run")
            isAbandoned = true
        }
    }

    func isCorrupt(_ node: NodeID) -> Bool {
        Int(node.name.dropFirst("worker-".count))! >= weather.workers - weather.corrupt
    }

    mutating func planTick() {
        guard let deadline = scheduler.nextDeadline() else { return }
        if let plannedTick, plannedTick <= deadline { return }
        plannedTick = deadline
        events.add(.tick, at: max(now, deadline))
    }
}

/// What is to happen, in the order of its time; what has the same time, in the order in which it was added.
struct Timeline<Event> {
    private var heap: [(time: Instant, serial: Int, event: Event)] = []
    private var serial = 0

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        (heap[a].time, heap[a].serial) < (heap[b].time, heap[b].serial)
    }

    mutating func add(_ event: Event, at time: Instant) {
        serial += 1
        heap.append((time, serial, event))
        var place = heap.count - 1
        while place > 0, isBefore(place, (place - 1) / 2) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func next() -> (Instant, Event)? {
        guard !heap.isEmpty else { return nil }
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var place = 0
        while true {
            let children = [2 * place + 1, 2 * place + 2].filter { $0 < heap.count }
            guard let child = children.min(by: { isBefore($0, $1) }), isBefore(child, place) else { break }
            heap.swapAt(child, place)
            place = child
        }
        return (first.time, first.event)
    }
}
