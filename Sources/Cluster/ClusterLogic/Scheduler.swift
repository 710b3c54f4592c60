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

    /// A shard that is out for less is never handed out again, however quick the others were.
    static let leastAge = Duration.milliseconds(100)
    /// What is assumed to be slow before any shard has come back.
    static let firstAge = Duration.seconds(60)
    /// Wrong results of a worker before it is dismissed.
    static let strikesAllowed = 3
    /// Results of one shard on which bitwise peers cannot agree, before nobody is believed.
    static let votesAllowed = 5

    var members = Members()
    var rounds: [OpenRound] = []
    /// Who was handed each attempt that is out.
    var owners: [ShardAttempt: NodeID] = [:]
    var commands: [Command] = []
    /// Wrong results, by the workers' names.
    var strikes: [String: Int] = [:]
    /// How long the last shards were out.
    var recent = RecentDurations(capacity: 64)
    /// When work was last handed out as far as it could be.
    var dispatched: ContinuousClock.Instant?
    /// By the workers' names.
    public internal(set) var statistics: [String: WorkerStatistics] = [:]
    /// Results that counted, by the fingerprint of their worker.
    public internal(set) var shardsByFingerprint: [String: Int] = [:]

    public init() {}

    /// What to do now, in order.
    public mutating func takeCommands() -> [Command] {
        defer { commands = [] }
        return commands
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
        rounds.append(OpenRound(number: round, shards: states))
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
            shardsByFingerprint[shard.votes[0][0].fingerprint, default: 0] += 1
        }
        for id in members.inOrder {
            cancelWaiting(at: id) { $0.round == done.number }
            beginWaiting(at: id, now)
        }
        // Results of the next round may have come already, when it needs no step before.
        reconsider(at: now)
    }

    /// All rounds are given up: what is out counts for nothing.
    public mutating func abandonRounds() {
        rounds = []
        for var member in members.values {
            member.tasks = []
            member.strays = []
            members[member.id] = member
        }
        owners = [:]
        commands = []
    }

    /// Shards of the running round that are not settled.
    public var remaining: Int { rounds.first?.unsettled ?? 0 }

    /// Who computes shards of the running round.
    public var busy: [NodeID] {
        members.values.filter { member in member.tasks.contains { $0.id.round == current } }.map(\.id).sorted()
    }

    // MARK: Attempts

    /// The place of the open round to which an attempt still belongs; nil once the round is done or begun again.
    func place(of id: ShardAttempt) -> Int? {
        rounds.firstIndex { $0.number == id.round && id.attempt >= $0.firstAttempt }
    }

    /// An attempt is out no more, and has given nothing: its shard waits again if nobody else has it.
    mutating func release(_ id: ShardAttempt) {
        guard owners.removeValue(forKey: id) != nil, let index = place(of: id) else { return }
        rounds[index].shards[id.shard].holders -= 1
        rounds[index].queue.append(id.shard)
    }

    /// Takes back what a worker has not begun.
    mutating func cancelWaiting(at id: NodeID, where isCancelled: (ShardAttempt) -> Bool) {
        let cancelled = members[id]!.tasks.filter { $0.isWaiting && isCancelled($0.id) }.map(\.id)
        guard !cancelled.isEmpty else { return }
        members[id]!.tasks.removeAll { cancelled.contains($0.id) }
        for attempt in cancelled {
            commands.append(.cancel(attempt, at: id))
            release(attempt)
        }
    }

    /// Lanes that are free take what their worker holds of the running round.
    mutating func beginWaiting(at id: NodeID, _ now: ContinuousClock.Instant) {
        guard var free = members.free[id], var member = members[id], member.waiting > 0 else { return }
        for (index, task) in member.tasks.enumerated() where free > 0 && task.isWaiting && task.id.round == current {
            member.tasks[index].began = now
            noteBeginning(of: task.id, at: now)
            free -= 1
        }
        members[id] = member
    }

    mutating func noteBeginning(of id: ShardAttempt, at now: ContinuousClock.Instant) {
        guard let index = place(of: id) else { return }
        rounds[index].shards[id.shard].latest = (id.attempt, now)
    }
}
