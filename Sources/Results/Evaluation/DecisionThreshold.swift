/// The score from which on a recording is called positive, in place of the most probable class.
public struct DecisionThreshold: Hashable, Sendable {
    public let value: Double
    /// Whether it is used on the recordings it was chosen on, which flatters what it comes to there.
    public let isInSample: Bool

    public init(_ value: Double, isInSample: Bool) {
        self.value = value
        self.isInSample = isInSample
    }

    /// The score among those of `predictions` that, as threshold, reaches the greatest MAcc on them; of equal ones the
    /// lowest, for it finds the most of the positive.
    ///
    /// Nil when the classes pose several questions (`Contrast`), or when one of the answers does not occur.
    public init?(chosenOn predictions: [Prediction], classes: [String], positive: String? = nil) {
        let scored = predictions.filter { $0.predicted != nil }
        guard let contrast = Contrast.only(between: classes, positive: positive), let ranking = contrast.ranking(scored)
        else { return nil }
        let positives = ranking.positive.count { $0 }
        let negatives = ranking.positive.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        var best = (gain: Int.min, threshold: 0.0)
        var hits = 0
        for tie in ranking.ties {
            hits += ranking.order[tie].count { ranking.positive[$0] }
            // Twice the MAcc, less one, times both counts: whole numbers, so that equal ones are equal.
            let gain = hits * negatives - (tie.upperBound - hits) * positives
            if gain >= best.gain { best = (gain, ranking.scores[ranking.order[tie.lowerBound]]) }
        }
        self.init(best.threshold, isInSample: true)
    }

    /// The same threshold for recordings that had no part in choosing it.
    public var outOfSample: DecisionThreshold { DecisionThreshold(value, isInSample: false) }
}
