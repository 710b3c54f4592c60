extension Chart {
    /// Loss over the epochs; nil without a finite loss.
    static func loss(_ history: [EpochRecord]) -> Chart? {
        let training = history.map { (x: Double($0.epoch), y: $0.trainingLoss) }
        let validation = history.map { (x: Double($0.epoch), y: $0.validationLoss ?? .nan) }
        let best = validation.filter { $0.y.isFinite }.min { $0.y < $1.y }
        return Chart.overEpochs(
            title: "Loss of training and validation by epoch", label: "cross-entropy loss", limits: 0...1e300,
            [
                Series(name: "training", points: training, colour: 0),
                Series(
                    name: "validation", points: validation, colour: 1,
                    mark: best.map { ($0.x, $0.y, "lowest " + FigureText.score($0.y)) }),
            ])
    }

    /// Accuracy and validation AUC over the epochs; nil without a finite accuracy.
    static func accuracy(_ history: [EpochRecord]) -> Chart? {
        let training = history.map { (x: Double($0.epoch), y: $0.trainingAccuracy) }
        let validation = history.map { (x: Double($0.epoch), y: $0.validationAccuracy ?? .nan) }
        let auc = history.map { (x: Double($0.epoch), y: $0.validationAUC ?? .nan) }
        return Chart.overEpochs(
            title: "Accuracy of training and validation by epoch", label: "share of recordings", limits: 0...1,
            [
                Series(name: "training accuracy", points: training, colour: 0),
                Series(name: "validation accuracy", points: validation, colour: 1),
                Series(name: "validation AUC", points: auc, colour: 2, isDashed: true),
            ])
    }

    private static func overEpochs(
        title: String, label: String, limits: ClosedRange<Double>, _ series: [Series]
    ) -> Chart? {
        let told = series.filter { $0.points.contains { $0.y.isFinite } }
        let points = told.flatMap(\.points)
        guard let x = Axis(label: "epoch", covering: points.map(\.x), count: 8, leastSpan: 2, whole: true),
            let y = Axis(label: label, covering: points.map(\.y), leastSpan: 0.1, limits: limits)
        else { return nil }
        return Chart(title: title, x: x, y: y, series: told)
    }
}
