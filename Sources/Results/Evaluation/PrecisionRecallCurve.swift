/// Precision against recall: what each threshold finds of the positive, and how many of those it calls positive are.
///
/// As scikit-learn's `precision_recall_curve`, in order of falling thresholds.
public struct PrecisionRecallCurve: Hashable, Sendable {
    public struct Point: Hashable, Sendable {
        /// Calls positive what scores at least this much; infinite at the first point.
        public let threshold: Double
        public let precision: Double
        public let recall: Double
    }

    /// One point a distinct score, after (recall 0, precision 1), which stands for calling nothing positive.
    public let points: [Point]

    /// Nil when nothing is positive.
    init?(_ ranking: Ranking) {
        let positives = ranking.positive.count { $0 }
        guard positives > 0 else { return nil }
        var points = [Point(threshold: .infinity, precision: 1, recall: 0)]
        var hits = 0
        for tie in ranking.ties {
            hits += ranking.order[tie].count { ranking.positive[$0] }
            points.append(
                Point(
                    threshold: ranking.scores[ranking.order[tie.lowerBound]],
                    precision: Double(hits) / Double(tie.upperBound), recall: Double(hits) / Double(positives)))
        }
        self.points = points
    }

    /// The precisions' mean, each weighted by the recall it adds (scikit-learn's `average_precision_score`).
    ///
    /// Unlike the area by trapezoids, it does not interpolate between points, which would be too hopeful.
    public var averagePrecision: Double {
        zip(points, points.dropFirst()).reduce(0) { $0 + ($1.1.recall - $1.0.recall) * $1.1.precision }
    }
}
