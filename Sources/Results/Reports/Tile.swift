import Evaluation

/// One figure in large type, with what it means.
struct Tile {
    let name: String
    let value: String
    let meaning: String
    let interval: String

    static func all(of metrics: ClassificationMetrics) -> String {
        let tiles = [
            Tile(
                name: "AUC", value: FigureText.score(metrics.auc), meaning: "area under the ROC curve",
                interval: range(metrics.aucInterval, FigureText.score)),
            share(
                "Sensitivity", metrics.sensitivity, counts: metrics.sensitivityCounts, metrics.sensitivityInterval,
                of: metrics.positiveClass.map { "“\($0)” found" }),
            share(
                "Specificity", metrics.specificity, counts: metrics.specificityCounts, metrics.specificityInterval,
                of: metrics.positiveClass.map { _ in "others cleared" }),
            Tile(
                name: "MAcc", value: FigureText.percent(metrics.macc), meaning: "mean of sensitivity and specificity",
                interval: range(metrics.maccInterval, FigureText.percent)),
            share(
                "Accuracy", metrics.accuracy, counts: metrics.confusionMatrix.accuracy, metrics.accuracyInterval,
                of: "called rightly"),
        ]
        return "<div class=\"tiles\">\n\(tiles.map(\.html).joined(separator: "\n"))\n</div>"
    }

    private static func share(
        _ name: String, _ value: Double?, counts: Proportion?, _ interval: ConfidenceInterval?, of what: String?
    ) -> Tile {
        let meaning = counts.flatMap { counts in what.map { "\(counts.part) of \(counts.whole) \($0)" } }
        return Tile(
            name: name, value: FigureText.percent(value), meaning: meaning ?? "mean over the classes",
            interval: range(interval, FigureText.percent))
    }

    private static func range(_ interval: ConfidenceInterval?, _ text: (Double?) -> String) -> String {
        interval.map { "95 % CI " + FigureText.range($0, text) } ?? ""
    }

    private var html: String {
        "<div class=\"tile\"><span>\(name)</span><b>\(value)</b><span>\(meaning.escaped)</span>"
            + "<span>\(interval)</span></div>"
    }
}
