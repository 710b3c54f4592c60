/// The range that holds a figure with 95 % confidence.
public struct ConfidenceInterval: Hashable, Codable, Sendable {
    public let lower: Double
    public let upper: Double

    public init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    /// From the 2.5th to the 97.5th percentile of a bootstrap's values; nil without one.
    init?(ofReplicates values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        self.init(lower: sorted.quantile(0.025), upper: sorted.quantile(0.975))
    }
}

extension [Double] {
    var mean: Double { reduce(0, +) / Double(count) }

    /// The quantile of sorted numbers, linear between neighbours.
    fileprivate func quantile(_ fraction: Double) -> Double {
        let position = fraction * Double(count - 1)
        let index = Int(position)
        let next = Swift.min(index + 1, count - 1)
        return self[index] + (position - Double(index)) * (self[next] - self[index])
    }
}
