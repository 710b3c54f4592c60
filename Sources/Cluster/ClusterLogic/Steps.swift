/// The coordinator's view of the steps that its parameter servers take, from one placement to the next.
///
/// A step is opened at all of them. When its shards are there it is closed; when the training waits for it, every
/// server is told to take it; and when all have, it is done. What is told may be lost, so a server hears with each
/// heartbeat what it should know by now.
public struct Steps: Sendable {
    public enum Order: Hashable, Sendable {
        /// Its part of the placement.
        case place
        case open(UInt64, shards: Int, firstAttempt: Int)
        case apply(UInt64, firstAttempt: Int)
    }

    /// What follows from what has come about.
    public enum Effect: Hashable, Sendable {
        /// Every server is to be told.
        case order(Order)
        /// All servers have taken the step.
        case done(UInt64)
    }

    private struct Opening: Sendable {
        let shards: Int
        var firstAttempt = 1
    }

    /// Steps that all servers have taken.
    public private(set) var version: UInt64 = 0
    /// The version that each server has; nil as long as its part is not there.
    private var versions: [UInt64?]
    private var opened: [UInt64: Opening] = [:]
    /// The step that the training waits for. One that was opened ahead is not taken before.
    private var awaited: UInt64?
    /// The step whose shards are all there.
    private var closed: UInt64?
    /// The step that the servers are taking.
    private var applying: UInt64?

    public init(servers: Int = 1) { versions = Array(repeating: nil, count: servers) }

    // MARK: Placement

    /// Parameters of this version are placed on so many servers; what was opened before is forgotten.
    public mutating func place(on servers: Int, version: UInt64) {
        self = Steps(servers: servers)
        self.version = version
    }

    /// All servers have their parts.
    public var isPlaced: Bool { !versions.contains(nil) }

    // MARK: Steps

    /// Is a step being taken, so that it is neither as before nor done?
    public var isApplying: Bool { applying != nil }

    /// A step is to be collected: this one, or the one after it.
    public mutating func open(_ step: UInt64, shards: Int) -> Order {
        precondition(opened[step] == nil && (version...version + 1).contains(step), "step \(step) at \(version)")
        opened[step] = Opening(shards: shards)
        return order(ofOpening: step)!
    }

    /// A step begins anew: a result that counted was wrong. Earlier attempts do not count.
    public mutating func restart(_ step: UInt64, firstAttempt: Int) -> Order? {
        opened[step]?.firstAttempt = firstAttempt
        if closed == step { closed = nil }
        return order(ofOpening: step)
    }

    /// The training waits for a step, or for none any more: one that is not being taken yet will not be.
    public mutating func await(_ step: UInt64?) { awaited = step }

    /// The shards of a step are all there, and those that were compared agree.
    public mutating func close(_ step: UInt64) { closed = step }

    /// A server says what it has. Its word may come late, or twice; none goes back.
    public mutating func updated(_ server: Int, to version: UInt64) {
        guard versions.indices.contains(server), (self.version...self.version + 1).contains(version) else { return }
        versions[server] = max(versions[server] ?? version, version)
    }

    /// What follows now; to be asked until there is nothing.
    public mutating func next() -> Effect? {
        if let step = closed, step == awaited, isPlaced {
            (closed, applying, awaited) = (nil, step, nil)
            return .order(orderToApply(step))
        }
        if let step = applying, versions.allSatisfy({ $0 == step + 1 }) {
            (applying, opened[step], version) = (nil, nil, step + 1)
            return .done(step)
        }
        return nil
    }

    /// What a server should know by now, and may not.
    public func orders(for server: Int) -> [Order] {
        guard versions[server] != nil else { return [.place] }
        let openings = opened.keys.sorted().compactMap(order(ofOpening:))
        return openings + (applying.map { [orderToApply($0)] } ?? [])
    }

    private func order(ofOpening step: UInt64) -> Order? {
        opened[step].map { .open(step, shards: $0.shards, firstAttempt: $0.firstAttempt) }
    }

    private func orderToApply(_ step: UInt64) -> Order { .apply(step, firstAttempt: opened[step]!.firstAttempt) }
}
