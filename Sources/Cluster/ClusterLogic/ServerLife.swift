import Messages

/// What a parameter server makes of what it is told: a part of the parameters is placed on it and comes; then it
/// collects the gradients of a step, and of the next one, takes the step when it is told to, and goes on with the next.
///
/// All of it may be said twice, or late. What is said of a former placement changes nothing.
public struct ServerLife: Sendable {
    public enum Stage: Hashable, Sendable {
        /// Nothing was placed here. At first only.
        case empty
        /// The part is coming. From every stage, with a new placement.
        case fetching
        /// The part is here. From `fetching`, when it is whole.
        case serving
    }

    /// What a placement asks for.
    public enum Placing: Hashable, Sendable {
        /// What is held is of no use any more: fetch the part.
        case fetch
        /// It is on its way; what was asked for may have been lost.
        case askAgain
        /// It is here, and the coordinator does not know.
        case tell
    }

    /// What an order to take a step asks for.
    public enum Applying: Hashable, Sendable {
        case take
        /// It is taken already, and the coordinator does not know.
        case tell
        /// Whoever reads the parameters as they are must be done before.
        case wait
        /// What counts elsewhere is not here: a message was lost, and the part cannot follow the others any more.
        case missed
        /// It is of another time.
        case ignore
    }

    /// What the coordinator is told of a shard that was pushed.
    public enum Report: Hashable, Sendable {
        case arrived(ShardAttempt, digest: UInt64)
        case rejected(ShardAttempt, reason: String)
    }

    /// What was pushed of a shard.
    public struct Push: Hashable, Sendable {
        public let id: ShardAttempt
        /// Of all that it gave.
        public let digest: UInt64

        public init(_ id: ShardAttempt, digest: UInt64) { (self.id, self.digest) = (id, digest) }
    }

    /// Shards of a step; no order can name more.
    public let mostShards: Int
    public private(set) var stage = Stage.empty
    /// Of the placement; 0 before the first.
    public private(set) var run: UInt64 = 0
    /// Steps that the part has taken.
    public private(set) var version: UInt64 = 0
    /// The step that is collected, and the next one once it is announced.
    private var rounds: [UInt64: Round] = [:]
    /// What counts of the step that is collected, by shard.
    private var counting: [Int: Push] = [:]

    public init(mostShards: Int) { self.mostShards = mostShards }

    // MARK: The part

    /// With a new number of the run, parameters of this version are placed here.
    public mutating func place(run: UInt64, version: UInt64) -> Placing {
        guard run != self.run || stage == .empty else { return stage == .serving ? .tell : .askAgain }
        (stage, self.run, self.version) = (.fetching, run, version)
        (rounds, counting) = ([:], [:])
        return .fetch
    }

    /// The part is whole.
    public mutating func begin() {
        precondition(stage == .fetching, "a part has come to a server that is \(stage)")
        stage = .serving
    }

    // MARK: Steps

    /// Collects the shards of a step; with a later first attempt it begins anew, and what was said before changes
    /// nothing. Returns the attempts whose gradients are forgotten; nil if there cannot be such a step now.
    public mutating func open(_ number: UInt64, shards: Int, firstAttempt: Int) -> [ShardAttempt]? {
        guard stage == .serving else { return [] }
        guard (1...mostShards).contains(shards), firstAttempt > 0, number <= version + 1 else { return nil }
        guard number >= version, firstAttempt > rounds[number]?.firstAttempt ?? 0 else { return [] }
        rounds[number] = Round(number: number, shards: shards, firstAttempt: firstAttempt)
        guard number == version else { return [] }
        defer { counting = [:] }
        return counting.values.map(\.id)
    }

    /// May what comes of this attempt count, once it is whole?
    public func expects(_ id: ShardAttempt) -> Bool { stage == .serving && rounds[id.round]?.mayCount(id) == true }

    /// How many attempts at a step's shards may be on their way at once.
    public var mostAttempts: Int { 16 + 4 * rounds.values.reduce(0) { $0 + $1.shardCount } }

    /// A shard is pushed, or a sub-tree's shards in order with the sum of their gradients.
    public mutating func receive(_ pushes: [Push]) -> Round.Reception {
        guard stage == .serving, var round = rounds[version] else { return .ignore(reason: "no step is collected") }
        let digests = Dictionary(pushes.map { ($0.id.shard, $0.digest) }) { first, _ in first }
        let reception = round.receive(pushes.map(\.id)) { counting[$0.shard]?.digest == digests[$0.shard] }
        rounds[version] = round
        guard case .accept = reception else { return reception }
        // Of equal results the first is the one that counts.
        for push in pushes where counting[push.id.shard] == nil { counting[push.id.shard] = push }
        return reception
    }

    /// The push of a shard of the running step that counts.
    public func counting(shard: Int) -> Push? { counting[shard] }

    /// What to say of pushes that were received, in order. The news of the first result of a shard may have been lost,
    /// so that it comes before each that can be compared with it.
    public func reports(on pushes: [Push], _ reception: Round.Reception) -> [Report] {
        if case .ignore(let reason) = reception { return pushes.map { .rejected($0.id, reason: reason) } }
        return pushes.flatMap { push -> [Report] in
            guard let first = counting[push.id.shard] else {
                return [.rejected(push.id, reason: "another result of a shard of its sum counts")]
            }
            let own = Report.arrived(push.id, digest: push.digest)
            return first.id == push.id ? [own] : [.arrived(first.id, digest: first.digest), own]
        }
    }

    /// The coordinator has every server take a step, as it was opened last. `isLent` says that somebody reads the
    /// parameters as they are.
    public func apply(_ number: UInt64, firstAttempt: Int, isLent: Bool = false) -> Applying {
        guard stage == .serving, number <= version else { return .ignore }
        guard number == version else { return .tell }
        if isLent { return .wait }
        guard let round = rounds[number], round.firstAttempt == firstAttempt, round.isComplete else { return .missed }
        return .take
    }

    /// The step is taken.
    public mutating func take() {
        precondition(rounds[version]?.isComplete == true, "step \(version) is taken before its shards are there")
        rounds[version] = nil
        counting = [:]
        version += 1
    }
}
