import Messages

/// What a worker has pushed, until every parameter server has said to have it.
public struct SentPushes: Sendable {
    private struct Push: Sendable {
        var servers: Set<Int>
        let since: ContinuousClock.Instant
    }

    /// A push that nobody has acknowledged for so long, though all that was given to the connections has left, is lost.
    private static let limit = Duration.seconds(60)

    private var pushes: [ShardAttempt: Push] = [:]
    /// Bytes that had not left when that was last asked, and since when they are as many.
    private var waitingBytes = 0
    private var lastLeft: ContinuousClock.Instant?

    public init() {}

    /// Those that some server may not have.
    public var ids: [ShardAttempt] { Array(pushes.keys) }

    public mutating func add(_ id: ShardAttempt, to servers: Int, at now: ContinuousClock.Instant) {
        pushes[id] = Push(servers: Set(0..<servers), since: now)
    }

    /// A server has it, or needs it no more.
    public mutating func taken(_ id: ShardAttempt, by server: Int) {
        pushes[id]?.servers.remove(server)
        if pushes[id]?.servers.isEmpty == true { pushes[id] = nil }
    }

    /// Forgets what is lost. On a slow line a gradient takes minutes: as long as bytes leave, none is given up. `bytes`
    /// are those that wait in the connections now.
    public mutating func expire(waiting bytes: Int, at now: ContinuousClock.Instant) {
        if bytes != waitingBytes { (waitingBytes, lastLeft) = (bytes, now) }
        pushes = pushes.filter { max($0.value.since, lastLeft ?? $0.value.since).duration(to: now) < Self.limit }
    }
}
