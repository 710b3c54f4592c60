import Evaluation

/// The one paragraph for a reader who reads no further: how well, on how much, and whether to believe it.
struct Verdict {
    let text: String
    /// Fewer recordings of a class say next to nothing, whatever their interval.
    private static let fewest = 5

    /// Whether the result stands: better than chance and than a rule that never listens.
    let isSound: Bool

    /// `cautions` are what makes the result doubtful beside the figures themselves.
    init(_ metrics: ClassificationMetrics, cautions: [String] = []) {
        var sentences: [String] = []
        var doubts: [String] = []
        if let auc = metrics.auc {
            let task =
                metrics.positiveClass.map { "Tells “\($0)” from the rest with an AUC of" }
                ?? "Tells \(metrics.classes.count) classes apart with a mean AUC of"
            let interval = metrics.aucInterval.map {
                " (95 % interval \(FigureText.score($0.lower)) to \(FigureText.score($0.upper)))"
            }
            sentences.append("\(task) \(FigureText.score(auc))\(interval ?? "") on \(metrics.count) recordings.")
            let least = metrics.aucInterval?.lower ?? auc
            let rule = metrics.baselines?.majorityClassOfGroup.auc
            if let greatest = metrics.aucInterval?.upper, greatest < 0.5 {
                doubts.append("That is worse than chance.")
            } else if least <= 0.5 {
                doubts.append("That cannot be told from chance.")
            } else if let rule, rule >= least {
                doubts.append(
                    "A rule that knows only where a recording comes from reaches \(FigureText.score(rule)): "
                        + "the model may have learned the place, not the heart.")
            } else if let rule, rule > 0.5 {
                sentences.append(
                    "A rule that knows only where a recording comes from reaches \(FigureText.score(rule)).")
            }
            let supports = metrics.classes.indices.map { metrics.confusionMatrix.support(of: $0) }
            if let rarest = supports.indices.filter({ supports[$0] > 0 }).min(by: { supports[$0] < supports[$1] }),
                supports[rarest] < Self.fewest
            {
                doubts.append(
                    "Of “\(metrics.classes[rarest])” only \(supports[rarest]) were scored: too few to say much.")
            }
        } else if metrics.count == 0 {
            doubts.append("No recording was scored, so nothing can be said about the model.")
        } else {
            doubts.append(
                "The \(metrics.count) recordings are all of one class, so how well the model tells classes apart "
                    + "cannot be said.")
        }
        if metrics.unscored > 0 {
            doubts.append("\(metrics.unscored) recordings got no number from the model and are left out.")
        }
        doubts += cautions
        text = (sentences + doubts).joined(separator: " ")
        isSound = doubts.isEmpty
    }
}
