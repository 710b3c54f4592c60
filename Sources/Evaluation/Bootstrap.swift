internal import Randomness

/// A set of recordings, drawn again and again with replacement (Efron and Tibshirani, "An introduction to the
/// bootstrap", 1993, chapter 13).
struct Bootstrap {
    /// How many recordings there are, and how many each replicate draws.
    let count: Int
    let replicates: Int
    let seed: UInt64

    /// The percentile interval of each figure.
    ///
    /// A figure gets how often each recording was drawn. A replicate that it can say nothing of, such as one that
    /// misses an answer, is left out; its interval is nil when no replicate is left.
    func intervals(of figures: [([Int]) -> Double?]) -> [ConfidenceInterval?] {
        var values = Array(repeating: [Double](), count: figures.count)
        for replicate in 0..<(count > 0 ? replicates : 0) {
            var draws = CounterGenerator(seed: seed, purpose: .bootstrap, round: UInt32(replicate)).stream()
            var weights = Array(repeating: 0, count: count)
            for _ in 0..<count { weights[draws.below(count)] += 1 }
            for (index, figure) in figures.enumerated() {
                if let value = figure(weights) { values[index].append(value) }
            }
        }
        return values.map(ConfidenceInterval.init(ofReplicates:))
    }
}
