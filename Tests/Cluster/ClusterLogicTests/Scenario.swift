import ClusterLogic
import Messages

/// A scheduler with few workers, told in words: "b gets 0.1" is shard 1 of round 0, handed to worker b.
struct Scenario {
    var scheduler = Scheduler()
    let start = ContinuousClock.now
    /// Since the start.
    var time = Duration.zero
    /// The last attempt of each shard that each worker was handed.
    private var attempts: [String: ShardAttempt] = [:]

    var now: ContinuousClock.Instant { start + time }

    static func node(_ name: String) -> NodeID { NodeID(name: name, incarnation: 1) }

    /// Workers of one lane and one kind of processor.
    init(_ names: String...) {
        for name in names { join(name) }
    }

    // MARK: What happens. Each returns what the scheduler says to it.

    @discardableResult
    mutating func join(_ name: String, lanes: Int = 1, processor: String = "p") -> [String] {
        scheduler.join(Self.node(name), lanes: lanes, fingerprint: processor, at: now)
        return said()
    }

    /// A worker asks to be taken in though it is there: it has forgotten its shards.
    @discardableResult
    mutating func rejoin(_ name: String) -> [String] {
        let id = Self.node(name)
        scheduler.join(id, lanes: 1, fingerprint: "p", replacing: [id], at: now)
        return said()
    }

    /// Opens a round whose images are there.
    @discardableResult
    mutating func open(_ round: UInt64 = 0, shards: Int, parts: Int = 1, audited: Set<Int> = []) -> [String] {
        scheduler.open(round: round, shards: shards, parts: parts, audited: audited, at: now)
        for shard in 0..<shards { scheduler.ready(round: round, shard: shard, at: now) }
        return said()
    }

    @discardableResult
    mutating func advance() -> [String] {
        scheduler.advance(at: now)
        return said()
    }

    @discardableResult
    mutating func lose(_ name: String) -> [String] {
        scheduler.lose(Self.node(name), at: now)
        return said()
    }

    @discardableResult
    mutating func retire(_ name: String, finishing shards: [String]) -> [String] {
        scheduler.retire(Self.node(name), finishing: shards.map { attempt(of: name, $0) }, at: now)
        return said()
    }

    @discardableResult
    mutating func result(of name: String, _ shard: String, part: Int = 0, digest: UInt64 = 1) -> [String] {
        result(attempt(of: name, shard), part: part, digest: digest)
    }

    @discardableResult
    mutating func result(_ attempt: ShardAttempt, part: Int = 0, digest: UInt64 = 1) -> [String] {
        scheduler.result(attempt, part: part, digest: digest, at: now)
        return said()
    }

    @discardableResult
    mutating func audit(of name: String, _ shard: String, digests: UInt64...) -> [String] {
        scheduler.audited(attempt(of: name, shard), digests: digests, at: now)
        return said()
    }

    @discardableResult
    mutating func failure(of name: String, _ shard: String) -> [String] {
        scheduler.fail(attempt(of: name, shard), at: now)
        return said()
    }

    @discardableResult
    mutating func heartbeat(
        of name: String, held: [String] = [], sent: [String] = [], atOnce: Bool = false
    ) -> [String] {
        if !atOnce { time += .microseconds(1) }
        scheduler.heartbeat(
            of: Self.node(name), held: held.map { attempt(of: name, $0) }, sent: sent.map { attempt(of: name, $0) },
            at: now)
        return said()
    }

    /// It is now so long after the start.
    @discardableResult
    mutating func tick(at time: Duration) -> [String] {
        self.time = time
        scheduler.tick(at: now)
        return said()
    }

    func attempt(of name: String, _ shard: String) -> ShardAttempt { attempts["\(name) \(shard)"]! }

    // MARK: What it says

    private mutating func said() -> [String] {
        scheduler.takeCommands().map { command in
            switch command {
            case .assign(let id, let purpose, let node):
                attempts["\(node) \(words(id))"] = id
                return "\(node) \(purpose == .result ? "gets" : "audits") \(words(id))"
            case .cancel(let id, let node): return "\(node) drops \(words(id))"
            case .close(let round): return "close \(round)"
            case .restart(let round, let firstAttempt): return "restart \(round) from attempt \(firstAttempt)"
            case .report(let found):
                return "\(found.nodes[0]) and \(found.nodes[1]) differ on \(found.round).\(found.shard)"
            case .convict(let node, let id, let strikes): return "\(node) was wrong on \(words(id)), strike \(strikes)"
            case .dismiss(let node): return "dismiss \(node)"
            case .abandon(let id): return "abandon \(words(id))"
            }
        }
    }

    private func words(_ id: ShardAttempt) -> String { "\(id.round).\(id.shard)" }
}
