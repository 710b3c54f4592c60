/// What a worker has done in a run, and how quickly.
public struct WorkerStatistics: Sendable {
    /// Shards it computed, audits apart.
    public internal(set) var shards = 0
    public internal(set) var audits = 0
    /// Shards that were given to others because it was late with them.
    public internal(set) var late = 0
    private var times = RecentDurations(capacity: 256)

    mutating func finished(_ purpose: Scheduler.Purpose, in time: Duration) {
        if purpose == .result { shards += 1 } else { audits += 1 }
        times.append(time)
    }

    /// Of the last shards, from being handed out to being there.
    public var median: Duration? { times.quantile(0.5) }
    public var p95: Duration? { times.quantile(0.95) }
}

/// The last so many durations.
struct RecentDurations: Sendable {
    let capacity: Int
    private var values: [Duration] = []
    private var next = 0
    /// Kept, since it is asked for at every event.
    private(set) var median: Duration?

    init(capacity: Int) { self.capacity = capacity }

    mutating func append(_ value: Duration) {
        if values.count < capacity { values.append(value) } else { values[next] = value }
        next = (next + 1) % capacity
        median = quantile(0.5)
    }

    func quantile(_ share: Double) -> Duration? {
        guard !values.isEmpty else { return nil }
        return values.sorted()[min(Int(Double(values.count) * share), values.count - 1)]
    }
}
