import Evaluation

extension Chart {
    /// How often the positive answer is true, by the probability it is given; nil when there is nothing to tell.
    static func reliability(_ predictions: [Prediction], metrics: ClassificationMetrics) -> Chart? {
        let scored = predictions.filter { $0.predicted != nil }
        let contrasts = metrics.contrasts
        guard !contrasts.isEmpty, !scored.isEmpty,
            let x = Axis(label: "probability given", covering: [0, 1]),
            let y = Axis(label: "share of recordings", covering: [0, 1])
        else { return nil }
        let lines = contrasts.enumerated().map { index, contrast in
            Series(
                name: contrast.name,
                points: contrast.calibration(scored).bins.map { ($0.probability, $0.frequency) },
                colour: index % Palette.lines, isDotted: true)
        }
        let ideal = Series(name: "calibrated", points: [(0, 0), (1, 1)], colour: Palette.lines, isDashed: true)
        return Chart(
            title: "Reliability of the probabilities", x: x, y: y, series: lines + [ideal], width: 400, height: 400)
    }
}
