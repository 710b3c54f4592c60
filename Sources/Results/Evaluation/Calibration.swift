/// How often what is said with a probability is true: probabilities beside outcomes, in ten bins of equal width.
///
/// A bin holds what lies above its lower edge and not above its upper one, as those of scikit-learn's
/// `calibration_curve`; the lowest holds zero, too.
public struct Calibration: Hashable, Sendable {
    public struct Bin: Hashable, Sendable {
        public let count: Int
        /// The mean of its probabilities.
        public let probability: Double
        /// The share of its outcomes that are true.
        public let frequency: Double
    }

    /// The bins that hold something, the lowest first.
    public let bins: [Bin]

    /// `probabilities` are in 0...1.
    init(probabilities: [Double], outcomes: [Bool]) {
        precondition(
            probabilities.count == outcomes.count,
            "calibration: \(probabilities.count) probabilities, \(outcomes.count) outcomes")
        let edges = (1..<10).map { Double($0) * 0.1 }
        let members = Dictionary(grouping: probabilities.indices) { index in
            edges.count { $0 < probabilities[index] }
        }
        bins = members.sorted { $0.key < $1.key }.map { _, members in
            Bin(
                count: members.count, probability: members.map { probabilities[$0] }.mean,
                frequency: members.map { outcomes[$0] ? 1 : 0 }.mean)
        }
    }

    /// How far probabilities and frequencies lie apart, a mean over the bins weighted by what they hold; nil without
    /// any.
    var error: Double? {
        let total = bins.reduce(0) { $0 + $1.count }
        guard total > 0 else { return nil }
        return bins.reduce(0) { $0 + Double($1.count) * abs($1.probability - $1.frequency) } / Double(total)
    }

    /// Whether the predicted class is as often the true one as its probability says: `error` is then the expected
    /// calibration error (Guo et al., "On calibration of modern neural networks", ICML 2017).
    ///
    /// `predictions` all have a predicted class.
    static func ofPredictedClass(_ predictions: [Prediction]) -> Calibration {
        Calibration(
            probabilities: predictions.map { $0.probabilities[$0.predicted!] },
            outcomes: predictions.map { $0.predicted == $0.truth })
    }
}
