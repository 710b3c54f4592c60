/// The receiver operating characteristic: what each threshold costs in specificity and gains in sensitivity.
public struct ROCCurve: Hashable, Sendable {
    public struct Point: Hashable, Sendable {
        /// Calls positive what scores at least this much; infinite at the first point.
        public let threshold: Double
        public let falsePositiveRate: Double
        public let truePositiveRate: Double
    }

    /// One point a distinct score, from (0, 0) to (1, 1).
    public let points: [Point]
    /// The area under the curve, in [0, 1].
    public let area: Double

    init?(_ ranking: Ranking) {
        guard let area = ranking.area else { return nil }
        let positives = Double(ranking.positive.count { $0 })
        let negatives = Double(ranking.positive.count) - positives
        var points = [Point(threshold: .infinity, falsePositiveRate: 0, truePositiveRate: 0)]
        var hits = 0
        var alarms = 0
        for tie in ranking.ties {
            for recording in ranking.order[tie] {
                if ranking.positive[recording] { hits += 1 } else { alarms += 1 }
            }
            points.append(
                Point(
                    threshold: ranking.scores[ranking.order[tie.lowerBound]],
                    falsePositiveRate: Double(alarms) / negatives,
                    truePositiveRate: Double(hits) / positives))
        }
        self.points = points
        self.area = area
    }
}
