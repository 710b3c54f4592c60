/// When to say that nothing happens: after 5 s, 30 s, and then every minute.
public struct Patience: Sendable {
    private var since: ContinuousClock.Instant
    private var said = 0

    public init(at now: ContinuousClock.Instant) { since = now }

    /// Something happened.
    public mutating func reset(at now: ContinuousClock.Instant) {
        since = now
        said = 0
    }

    /// How long nothing has happened, if it is time to say so.
    public mutating func complaint(at now: ContinuousClock.Instant) -> Duration? {
        let waited = since.duration(to: now)
        let due: Duration =
            switch said {
            case 0: .seconds(5)
            case 1: .seconds(30)
            default: .seconds(60 * (said - 1))
            }
        guard waited >= due else { return nil }
        said += 1
        return waited
    }
}
