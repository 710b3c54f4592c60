internal import Randomness

/// The range that holds 95 % of the bootstrap replicates of a figure.
public struct ConfidenceInterval: Hashable, Codable, Sendable {
    public let lower: Double
    public let upper: Double

    public init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    /// The percentile bootstrap of the mean area under the curves (Efron and Tibshirani, "An introduction to the
    /// bootstrap", 1993, chapter 13).
    ///
    /// Each replicate draws as many recordings as there are, with replacement. A replicate that misses an answer says
    /// nothing and is left out; nil when no replicate says anything.
    init?(ofAreaUnder rankings: [Ranking], replicates: Int, seed: UInt64) {
        guard let count = rankings.first?.scores.count, count > 0, replicates > 0 else { return nil }
        var areas: [Double] = []
        areas.reserveCapacity(replicates)
        for replicate in 0..<replicates {
            var draws = CounterGenerator(seed: seed, purpose: .bootstrap, round: UInt32(replicate)).stream()
            var weights = Array(repeating: 0, count: count)
            for _ in 0..<count { weights[draws.below(count)] += 1 }
            let drawn = rankings.compactMap { $0.area(weights: weights) }
            if drawn.count == rankings.count { areas.append(drawn.mean) }
        }
        guard !areas.isEmpty else { return nil }
        areas.sort()
        self.init(lower: areas.quantile(0.025), upper: areas.quantile(0.975))
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
