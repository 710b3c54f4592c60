import Evaluation

extension Chart {
    /// Precision against recall, in steps, as the average precision counts it.
    ///
    /// Nil when no contrast of the classes can be told.
    static func precisionRecall(_ predictions: [Prediction], metrics: ClassificationMetrics) -> Chart? {
        let scored = predictions.filter { $0.predicted != nil }
        let curves = metrics.contrasts.compactMap { contrast in
            contrast.precisionRecall(scored).map { (name: contrast.name, points: steps($0)) }
        }
        guard !curves.isEmpty,
            let x = Axis(label: "recall (sensitivity)", covering: [0, 1]),
            let y = Axis(label: "precision", covering: [0, 1])
        else { return nil }
        var lines = curves.enumerated().map { index, curve in
            Series(name: curve.name, points: curve.points, colour: index % Palette.lines)
        }
        if let positives = metrics.sensitivityCounts, let line = lines.first {
            let share = Double(positives.whole) / Double(metrics.count)
            lines = [
                Series(
                    name: "average precision \(FigureText.score(metrics.averagePrecision))", points: line.points,
                    isFilled: true),
                Series(name: "chance", points: [(0, share), (1, share)], colour: Palette.lines, isDashed: true),
            ]
        }
        return Chart(title: "Precision and recall", x: x, y: y, series: lines, width: 400, height: 400)
    }

    /// What a threshold adds in recall, it adds at its own precision.
    private static func steps(_ curve: PrecisionRecallCurve) -> [(x: Double, y: Double)] {
        zip(curve.points, curve.points.dropFirst()).flatMap {
            [($0.recall, $1.precision), ($1.recall, $1.precision)]
        }
    }
}
