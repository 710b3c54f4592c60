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
    private var inOrder: [Duration] = []

    init(capacity: Int) { self.capacity = capacity }

    mutating func append(_ value: Duration) {
        if values.count < capacity {
            values.append(value)
        } else {
            inOrder.remove(at: place(of: values[next]))
            values[next] = value
        }
        next = (next + 1) % capacity
        inOrder.insert(value, at: place(of: value))
    }

    func quantile(_ share: Double) -> Duration? {
        guard !inOrder.isEmpty else { return nil }
        return inOrder[min(Int(Double(inOrder.count) * share), inOrder.count - 1)]
    }

    /// Where a value stands in order, or would stand.
    private func place(of value: Duration) -> Int {
        var (low, high) = (0, inOrder.count)
        while low < high {
            let middle = (low + high) / 2
            if inOrder[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
