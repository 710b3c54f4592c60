import Evaluation
import Tables

extension CSV {
    /// `predictions.csv`: file, true class, predicted class, then the probability of each class.
    ///
    /// A prediction without a predicted class has an empty cell there.
    init(_ predictions: [Prediction], classes: [String]) {
        let header = ["file", "true", "predicted"] + classes.map { "p_\($0)" }
        self.init(
            [header]
                + predictions.map { prediction in
                    [prediction.file, classes[prediction.truth], prediction.predicted.map { classes[$0] } ?? ""]
                        + prediction.probabilities.map { "\($0)" }
                })
    }

    /// `folds.csv`: the scores of each part of the data; what is undefined is empty.
    init(_ parts: [RunReport.Part]) {
        func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        self.init(
            [
                ["part", "recordings", "accuracy", "sensitivity", "specificity"]
                    + ["macc", "macc_lower", "macc_upper", "auc", "auc_lower", "auc_upper", "macc_at_threshold"]
            ]
                + parts.map { part in
                    let (scores, macc, auc) = (
                        part.assessment.scores, part.assessment.maccInterval, part.assessment.aucInterval
                    )
                    let figures = [
                        scores.accuracy, scores.sensitivity, scores.specificity, scores.macc, macc?.lower, macc?.upper,
                        scores.auc, auc?.lower, auc?.upper, part.assessment.atThreshold?.macc,
                    ]
                    return [part.name, "\(scores.count)"] + figures.map(text)
                })
    }

    /// `confusion_matrix.csv`: a row for each true class, a column for each predicted one.
    init(_ matrix: ConfusionMatrix, classes: [String]) {
        self.init(
            [["true"] + classes.map { "predicted_\($0)" }]
                + classes.indices.map { [classes[$0]] + matrix.rows[$0].map(String.init) })
    }
}
