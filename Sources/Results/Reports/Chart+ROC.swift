import Evaluation

extension Chart {
    /// The receiver operating characteristic, with the point at which the model's own decisions lie.
    ///
    /// Nil when no contrast of the classes can be told.
    static func roc(_ predictions: [Prediction], metrics: ClassificationMetrics) -> Chart? {
        let scored = predictions.filter { $0.predicted != nil }
        let curves = metrics.contrasts.compactMap { contrast in
            contrast.curve(scored).map { (contrast.name, $0) }
        }
        guard !curves.isEmpty,
            let x = Axis(label: "false alarms (1 − specificity)", covering: [0, 1]),
            let y = Axis(label: "sensitivity", covering: [0, 1])
        else { return nil }
        let isAlone = curves.count == 1
        let chance = Series(name: "chance", points: [(0, 0), (1, 1)], colour: Palette.lines, isDashed: true)
        let lines = curves.enumerated().map { index, curve in
            Series(
                name: isAlone ? "AUC \(FigureText.score(curve.1.area))" : curve.0,
                points: curve.1.points.map { ($0.falsePositiveRate, $0.truePositiveRate) },
                colour: index % Palette.lines, isFilled: isAlone,
                mark: isAlone ? decision(of: metrics) : nil)
        }
        return Chart(
            title: "Receiver operating characteristic", x: x, y: y, series: lines + [chance], width: 400, height: 400)
    }

    private static func decision(
        of metrics: ClassificationMetrics
    ) -> (x: Double, y: Double, label: String)? {
        guard let sensitivity = metrics.sensitivity, let specificity = metrics.specificity else { return nil }
        return (1 - specificity, sensitivity, "the model's decisions")
    }
}
