import Messages

/// Decides who computes which shard, and when a round's results are all there and right.
///
/// Events come in by its methods, commands go out by `takeCommands`; it has no clock, socket or thread. A shard is an
/// idempotent task: it may be handed out any number of times, and the first result counts. Later ones of bitwise peers
/// are compared with it.
///
/// The first open round is the one that lanes compute. The second can be opened ahead, so that a lane holds its next
/// shard's images before it has finished the last.
public struct Scheduler: Sendable {
    public enum Purpose: Hashable, Sendable {
        case result
        /// The result is there; another is wanted to compare it with.
        case audit
    }

    public enum Command: Hashable, Sendable {
        case assign(ShardAttempt, Purpose, to: NodeID)
        /// The worker need not begin this any more.
        case cancel(ShardAttempt, at: NodeID)
        /// Every shard's result is there, and those that were to be compared agree.
        case close(round: UInt64)
        /// A result that was counted is wrong: forget the round's results. Attempts before this one do not count.
        case restart(round: UInt64, firstAttempt: Int)
        /// Bitwise peers came to different results: silent data corruption in one of them.
        case report(Disagreement)
        /// A third computation has shown whose results were wrong.
        case convict(NodeID, ShardAttempt, strikes: Int)
        /// The worker was wrong too often to be trusted.
        case dismiss(NodeID)
        /// The shard comes out different each time, whoever computes it.
        case abandon(ShardAttempt)
    }

    public struct Disagreement: Hashable, Sendable {
        public let round: UInt64
        public let shard: Int
        /// Whose result came first, and who came to another.
        public let nodes: [NodeID]
    }

    /// Shards that a worker may hold for each of its lanes: one is computed, one waits.
    static let shardsPerLane = 2
    /// A shard that is out for less is never handed out again, however quick the others were.
    static let leastAge = Duration.milliseconds(100)
    /// What is assumed to be slow before any shard has come back.
    static let firstAge = Duration.seconds(60)
    /// Wrong results of a worker before it is dismissed.
    static let strikesAllowed = 3
    /// Results of one shard, no two of which agree, before nobody is believed.
    static let votesAllowed = 5

    var members: [NodeID: Member] = [:]
    var rounds: [OpenRound] = []
    /// Who was handed each attempt that is out.
    var owners: [ShardAttempt: NodeID] = [:]
    var commands: [Command] = []
    var strikes: [String: Int] = [:]
    /// How long the last shards were out.
    var recent = RecentDurations(capacity: 64)
    /// By the workers' names.
    public internal(set) var statistics: [String: WorkerStatistics] = [:]
    /// Results that counted, by the fingerprint of their worker.
    public internal(set) var shardsByFingerprint: [String: Int] = [:]

    struct Member: Sendable {
        let id: NodeID
        let lanes: Int
        let fingerprint: String
        /// It finishes what it has and is given nothing more.
        var isLeaving = false
        /// What it holds, in the order in which it was handed out.
        var tasks: [Task] = []
    }

    struct Task: Sendable {
        let id: ShardAttempt
        let purpose: Purpose
        let assigned: ContinuousClock.Instant
        /// Since when it may be computed; nil while it waits for a lane, or for its round.
        var began: ContinuousClock.Instant?
        /// Computed and on its way.
        var isSent = false
        var heartbeatsMissed = 0
    }

    struct OpenRound: Sendable {
        let number: UInt64
        let parts: Int
        var firstAttempt = 1
        var isClosing = false
        /// Whom each attempt was handed to, from attempt 1 on.
        var issued: [(shard: Int, node: NodeID, fingerprint: String)] = []
        var shards: [Shard]
        var unsettled: Int
        /// Attempts whose results were found wrong.
        var convicted: Set<Int> = []
        /// Shards that may have nobody. What is in vain here is passed over when it is looked at.
        var queue: [Int] = []
    }

    struct Shard: Sendable {
        var isReady = false
        let isAudited: Bool
        /// Attempts that are out.
        var holders = 0
        var attempts = 0
        /// For each part of the result, who came to which digest, in the order of arrival. The first is the one that counts.
        var votes: [[Vote]]
        var isSettled = false
        var isReported = false
    }

    struct Vote: Sendable {
        let node: NodeID
        let fingerprint: String
        let attempt: Int
        let digest: UInt64
    }

    public init() {}

    /// What to do now, in order.
    public mutating func takeCommands() -> [Command] {
        defer { commands = [] }
        return commands
    }

    // MARK: Workers

    public func contains(_ id: NodeID) -> Bool { members[id] != nil }

    public mutating func join(_ id: NodeID, lanes: Int, fingerprint: String, at now: ContinuousClock.Instant) {
        members[id] = Member(id: id, lanes: lanes, fingerprint: fingerprint)
        dispatch(at: now)
    }

    /// A worker is gone; its shards of the running round wait for another, and are returned.
    @discardableResult
    public mutating func lose(_ id: NodeID, at now: ContinuousClock.Instant) -> [Int] {
        guard let member = members.removeValue(forKey: id) else { return [] }
        for task in member.tasks { release(task.id) }
        reconsider(at: now)
        return Set(member.tasks.filter { $0.id.round == current }.map(\.id.shard)).sorted()
    }

    /// A worker wants to go; what it does not finish goes to others.
    public mutating func retire(_ id: NodeID, finishing kept: [ShardAttempt], at now: ContinuousClock.Instant) {
        guard var member = members[id] else { return }
        let kept = Set(kept)
        let returned = member.tasks.filter { !kept.contains($0.id) }
        member.tasks.removeAll { !kept.contains($0.id) }
        member.isLeaving = true
        members[id] = member
        for task in returned { release(task.id) }
        reconsider(at: now)
    }

    /// What a worker says it has. An attempt that is missing twice was lost on the way, to it or from it.
    public mutating func heartbeat(
        of id: NodeID, held: [ShardAttempt], sent: [ShardAttempt], at now: ContinuousClock.Instant
    ) {
        guard var member = members[id] else { return }
        let (held, sent) = (Set(held), Set(sent))
        var lost: [ShardAttempt] = []
        for index in member.tasks.indices {
            let task = member.tasks[index]
            member.tasks[index].isSent = sent.contains(task.id)
            let isThere = held.contains(task.id) || sent.contains(task.id)
            member.tasks[index].heartbeatsMissed = isThere ? 0 : task.heartbeatsMissed + 1
            if !isThere && task.heartbeatsMissed >= 1 { lost.append(task.id) }
        }
        member.tasks.removeAll { lost.contains($0.id) }
        members[id] = member
        for id in lost { release(id) }
        beginWaiting(at: id, now)
        dispatch(at: now)
    }

    // MARK: Rounds

    /// The round that is computed now.
    public var current: UInt64? { rounds.first?.number }

    public func isOpen(_ round: UInt64) -> Bool { rounds.contains { $0.number == round } }

    /// Opens a round behind those that are open. `parts` is how many results make a shard's: one from each parameter
    /// server. A shard is handed out once it is ready.
    public mutating func open(
        round: UInt64, shards: Int, parts: Int, audited: Set<Int>, at now: ContinuousClock.Instant
    ) {
        precondition(shards > 0 && parts > 0 && !isOpen(round), "round \(round) of \(shards) shards")
        let states = (0..<shards).map {
            Shard(isAudited: audited.contains($0), votes: Array(repeating: [], count: parts))
        }
        rounds.append(OpenRound(number: round, parts: parts, shards: states, unsettled: shards))
        dispatch(at: now)
    }

    /// The images of a shard are there.
    public mutating func ready(round: UInt64, shard: Int, at now: ContinuousClock.Instant) {
        guard let index = rounds.firstIndex(where: { $0.number == round }), !rounds[index].shards[shard].isReady else {
            return
        }
        rounds[index].shards[shard].isReady = true
        rounds[index].queue.append(shard)
        dispatch(at: now)
    }

    /// The running round is done: its step is applied, or its scores are read. The next one begins.
    public mutating func advance(at now: ContinuousClock.Instant) {
        let done = rounds.removeFirst()
        precondition(done.isClosing, "round \(done.number) is not complete")
        for shard in done.shards {
            guard let vote = shard.votes[0].first else { continue }
            shardsByFingerprint[vote.fingerprint, default: 0] += 1
        }
        for id in members.keys {
            cancelWaiting(at: id) { $0.round == done.number }
            beginWaiting(at: id, now)
        }
        dispatch(at: now)
    }

    /// All rounds are given up: what is out counts for nothing.
    public mutating func abandonRounds() {
        rounds = []
        for id in members.keys { members[id]!.tasks = [] }
        owners = [:]
        commands = []
    }

    /// Shards of the running round that are not settled.
    public var remaining: Int { rounds.first?.unsettled ?? 0 }

    /// Who computes shards of the running round.
    public var busy: [NodeID] {
        members.values.filter { member in member.tasks.contains { $0.id.round == current } }.map(\.id).sorted()
    }

    // MARK: What both need

    /// An attempt is out no more, and has given nothing: its shard waits again if nobody else has it.
    mutating func release(_ id: ShardAttempt) {
        guard owners.removeValue(forKey: id) != nil,
            let index = rounds.firstIndex(where: { $0.number == id.round }), id.attempt >= rounds[index].firstAttempt
        else { return }
        rounds[index].shards[id.shard].holders -= 1
        rounds[index].queue.append(id.shard)
    }

    /// Takes back what a worker has not begun.
    mutating func cancelWaiting(at id: NodeID, where isCancelled: (ShardAttempt) -> Bool) {
        for task in members[id]!.tasks where task.began == nil && isCancelled(task.id) {
            commands.append(.cancel(task.id, at: id))
            release(task.id)
        }
        members[id]!.tasks.removeAll { $0.began == nil && isCancelled($0.id) }
    }

    /// Lanes that are free take what their worker holds of the running round.
    mutating func beginWaiting(at id: NodeID, _ now: ContinuousClock.Instant) {
        guard var member = members[id] else { return }
        var free = freeLanes(of: member)
        for index in member.tasks.indices where member.tasks[index].began == nil {
            guard free > 0, member.tasks[index].id.round == current else { continue }
            member.tasks[index].began = now
            free -= 1
        }
        members[id] = member
    }

    func freeLanes(of member: Member) -> Int {
        member.isLeaving ? 0 : member.lanes - member.tasks.count { $0.began != nil && !$0.isSent }
    }
}
