import Foundation

/// Everything `metrics.json` says about a set of predictions.
///
/// A prediction with a probability that is not a number is left out of every figure and counted in `unscored`.
@dynamicMemberLookup
public struct ClassificationMetrics: Hashable, Sendable {
    /// Accuracy, sensitivity, specificity, MAcc and AUC; their members can be read as the metrics' own.
    public let scores: Scores
    /// How many predictions could not be scored.
    public let unscored: Int
    public let classes: [String]
    /// What "positive" means; nil when each class in turn is compared with the rest.
    public let positiveClass: String?
    /// The bootstrap interval of the AUC.
    public let aucInterval: ConfidenceInterval?
    /// As Keras' `SensitivityAtSpecificity(0.5)` with 200 thresholds.
    public let sensitivityAtSpecificity: Double?
    /// The mean of -ln(probability of the true class), probabilities kept 2.2e-16 away from 0 and 1.
    public let logLoss: Double?
    public let confusionMatrix: ConfusionMatrix
    /// By class name.
    public let perClass: [String: ClassScores]
    /// By group; empty when no group is known.
    public let groups: [String: Scores]
    /// What rules that never listen to a heart reach on the same recordings; nil when no group is known.
    public let baselines: Baselines?

    public struct Baselines: Hashable, Codable, Sendable {
        /// Always the most frequent class.
        public let majorityClass: Scores
        /// Always the most frequent class of the recording's group.
        public let majorityClassOfGroup: Scores

        enum CodingKeys: String, CodingKey {
            case majorityClass = "majority_class"
            case majorityClassOfGroup = "majority_class_of_group"
        }
    }

    /// Scores `predictions`, one a recording.
    ///
    /// `reference` is what the baselines read, normally the training part's labels. Without it they read the labels of
    /// the predictions themselves, which flatters them. `replicates` is how often the bootstrap draws.
    /// Throws when a prediction does not fit `classes`.
    public init(
        _ predictions: [Prediction], classes: [String], reference: [Baseline.Label]? = nil, replicates: Int = 1000,
        seed: UInt64 = 0
    ) throws(EvaluationError) {
        for prediction in predictions { try prediction.check(classes: classes.count) }
        let scored = predictions.filter { $0.predicted != nil }
        let contrasts = Contrast.contrasts(between: classes)
        let matrix = ConfusionMatrix(scored, classes: classes.count)
        self.classes = classes
        scores = Scores(scored, classes: classes)
        unscored = predictions.count - scored.count
        positiveClass = contrasts.count == 1 ? contrasts[0].name : nil
        aucInterval = ConfidenceInterval(
            ofAreaUnder: contrasts.compactMap { $0.ranking(scored) }, replicates: replicates, seed: seed)
        sensitivityAtSpecificity = SensitivityAtSpecificity().value(scored)
        logLoss = Self.logLoss(scored)
        confusionMatrix = matrix
        perClass = Dictionary(
            classes.enumerated().map { ($1, ClassScores(of: $0, in: matrix)) }, uniquingKeysWith: { first, _ in first })
        groups = Dictionary(grouping: scored.filter { $0.group != nil }) { $0.group! }
            .mapValues { Scores($0, classes: classes) }
        let labels = reference ?? scored.map { Baseline.Label(truth: $0.truth, group: $0.group) }
        let rules = [
            Baseline.majority(of: labels, classes: classes.count),
            Baseline.majorityByGroup(of: labels, classes: classes.count),
        ].map { Scores($0.predictions(for: scored), classes: classes) }
        baselines = groups.isEmpty ? nil : Baselines(majorityClass: rules[0], majorityClassOfGroup: rules[1])
    }

    /// The counts behind sensitivity; nil where it is a mean over classes.
    public var sensitivityCounts: Proportion? { onlyContrast?.sensitivity(confusionMatrix) }

    /// The counts behind specificity; nil where it is a mean over classes.
    public var specificityCounts: Proportion? { onlyContrast?.specificity(confusionMatrix) }

    private var onlyContrast: Contrast? {
        let contrasts = Contrast.contrasts(between: classes)
        return contrasts.count == 1 ? contrasts[0] : nil
    }

    public subscript<Value>(dynamicMember member: KeyPath<Scores, Value>) -> Value { scores[keyPath: member] }

    private static func logLoss(_ predictions: [Prediction]) -> Double? {
        guard !predictions.isEmpty else { return nil }
        return predictions.map { -log(min(max($0.probabilities[$0.truth], .ulpOfOne), 1 - .ulpOfOne)) }.mean
    }
}
