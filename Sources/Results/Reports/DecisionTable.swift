import Evaluation

/// The model's decisions beside those by the threshold chosen on the validation part, and what to think of them.
struct DecisionTable {
    let metrics: ClassificationMetrics
    /// Are these the recordings of several models?
    var isPooled = false

    /// Empty where there is no one positive class.
    var html: String {
        guard let sensitivity = metrics.sensitivityCounts, let specificity = metrics.specificityCounts else {
            return ""
        }
        var rows = [
            Self.row(
                metrics.classes.count == 2 ? "0.5: the more probable class" : "none: the most probable class",
                sensitivity, specificity, macc: metrics.macc, metrics.maccInterval)
        ]
        if let threshold = metrics.threshold, let point = metrics.atThreshold {
            rows.append(
                Self.row(
                    "\(FigureText.score(threshold.value)): chosen on the validation part", point.sensitivity,
                    point.specificity, macc: point.macc, point.maccInterval))
        }
        let head = ["threshold", "missed", "false alarms", "sensitivity", "specificity", "MAcc", "95 % CI of MAcc"]
        return Table(head: head, rows: rows).html + "<p class=\"note\">\(note.escaped)</p>"
    }

    private var note: String {
        guard let threshold = metrics.threshold else {
            if isPooled { return "Each model chose a threshold of its own, so there is none for all." }
            return "No threshold was chosen: that takes a run that is done, and a validation part with both answers."
        }
        let rule =
            "The threshold is the score with the greatest MAcc on the validation part; who scores at least as much is "
            + "called “\(metrics.positiveClass ?? "positive")”. "
        return threshold.isInSample
            ? rule + "It was chosen on recordings of this report, so its figures here are too hopeful: those of others "
                + "tell what it is worth."
            : rule
                + "Nothing in this report had a part in choosing it, unless the run's own data holds the same recordings."
    }

    private static func row(
        _ name: String, _ sensitivity: Proportion, _ specificity: Proportion, macc: Double?,
        _ interval: ConfidenceInterval?
    ) -> Table.Row {
        Table.Row(
            name,
            [sensitivity, specificity].map { "\($0.whole - $0.part) of \($0.whole)" }
                + [sensitivity.value, specificity.value, macc].map(FigureText.percent)
                + [interval.map { FigureText.range($0, FigureText.percent) } ?? "–"])
    }
}
