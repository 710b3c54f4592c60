/// Which of a host's addresses is tried: one after another, in the order in which they were found, until one answers.
///
/// A round ends with its last address, which is tried on until the next round begins, with addresses that were looked
/// up anew.
public struct Dialling: Sendable {
    /// Those of this round, in its order.
    public private(set) var addresses: [String] = []
    private var place = 0
    private var rounds = 0
    private var since: ContinuousClock.Instant
    /// The one that answered last.
    private var answered: String?

    /// A host that was reached has so long to say who it is.
    static let introduction = Duration.seconds(5)

    public init(at now: ContinuousClock.Instant) { since = now }

    /// The address to try; nil before the first round.
    public var current: String? { addresses.indices.contains(place) ? addresses[place] : nil }

    /// Begins a round with these addresses: first the one that answered last, if it is among them.
    public mutating func begin(_ found: [String], at now: ContinuousClock.Instant) {
        addresses = found.filter { $0 == answered } + found.filter { $0 != answered }
        (place, since) = (0, now)
        rounds += 1
    }

    /// The host at the current address is there.
    public mutating func reached(at now: ContinuousClock.Instant) { since = now }

    /// The current address is the right one.
    public mutating func succeeded() { answered = current }

    /// The current address is of no use: goes on to the next one. False if there is none in this round.
    public mutating func moveOn(at now: ContinuousClock.Instant) -> Bool {
        guard place + 1 < addresses.count else { return false }
        place += 1
        since = now
        return true
    }

    /// Has the current address been silent for too long? A host far away gets more time with each round: 1, 2, 4, then
    /// 8 s.
    public func isOverdue(isReached: Bool, at now: ContinuousClock.Instant) -> Bool {
        let limit = isReached ? Self.introduction : .seconds(1 << max(0, min(rounds - 1, 3)))
        return current != nil && since.duration(to: now) > limit
    }
}
