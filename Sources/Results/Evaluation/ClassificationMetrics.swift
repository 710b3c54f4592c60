/// Everything `metrics.json` says about a set of predictions.
///
/// A prediction with a probability that is not a number is left out of every figure and counted in `unscored`.
@dynamicMemberLookup
public struct ClassificationMetrics: Hashable, Sendable {
    /// All recordings; its members, and its scores', can be read as the metrics' own.
    public let overall: Assessment
    /// How many predictions could not be scored.
    public let unscored: Int
    public let classes: [String]
    /// What "positive" means; nil when each class in turn is compared with the rest.
    public let positiveClass: String?
    /// What recordings were split and are counted by, in words; nil when nobody said.
    public let unit: String?
    /// How many patients are known.
    public let patients: Int
    /// The threshold of `atThreshold`; nil when none was chosen.
    public let threshold: DecisionThreshold?
    /// By class name.
    public let perClass: [String: ClassScores]
    /// By group; empty when no group is known.
    public let groups: [String: Assessment]
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
    /// `answers` are the baselines' for the same recordings in the same order, by rules that have read the training
    /// part's labels. Without them, the rules read the labels of the predictions themselves, which flatters them.
    /// `threshold` comes from the validation part, never from predictions that are to say how good the model is.
    /// `positive` is the class that is looked for; nil leaves that to their names (`Contrast`). `unit` is what
    /// recordings were split by. `replicates` is how often the bootstrap draws. Throws when a prediction does not fit
    /// `classes`.
    public init(
        _ predictions: [Prediction], classes: [String], positive: String? = nil, unit: String? = nil,
        answers: BaselineAnswers? = nil, threshold: DecisionThreshold? = nil, replicates: Int = 1000, seed: UInt64 = 0
    ) throws(EvaluationError) {
        for prediction in predictions { try prediction.check(classes: classes.count) }
        let only = Contrast.only(between: classes, positive: positive)
        let threshold = only == nil ? nil : threshold
        func assess(_ predictions: [Prediction]) -> Assessment {
            Assessment(
                predictions, classes: classes, positive: positive, threshold: threshold, replicates: replicates,
                seed: seed)
        }
        let scored = predictions.filter { $0.predicted != nil }
        let overall = assess(scored)
        self.overall = overall
        self.classes = classes
        self.threshold = threshold
        unscored = predictions.count - scored.count
        positiveClass = only?.name
        self.unit = unit
        patients = Set(scored.compactMap(\.subject)).count
        perClass = Dictionary(
            classes.enumerated().map { ($1, ClassScores(of: $0, in: overall.confusionMatrix)) },
            uniquingKeysWith: { first, _ in first })
        groups = Dictionary(grouping: scored.filter { $0.group != nil }) { $0.group! }.mapValues(assess)
        let answers =
            answers
            ?? BaselineAnswers(
                for: predictions, reading: scored.map { .init(truth: $0.truth, group: $0.group) },
                classes: classes.count)
        precondition(
            answers.majorityClassOfGroup.map(\.file) == predictions.map(\.file), "answers for other recordings")
        let rules = [answers.majorityClass, answers.majorityClassOfGroup].map { answers in
            Scores(
                zip(predictions, answers).filter { $0.0.predicted != nil }.map(\.1), classes: classes,
                positive: positive)
        }
        baselines = groups.isEmpty ? nil : Baselines(majorityClass: rules[0], majorityClassOfGroup: rules[1])
    }

    /// The questions that sensitivity, specificity and curves are about.
    public var contrasts: [Contrast] {
        Contrast.contrasts(between: classes, positive: positiveClass.flatMap { classes.contains($0) ? $0 : nil })
    }

    private var only: Contrast? { contrasts.count == 1 ? contrasts[0] : nil }

    /// The counts behind sensitivity; nil where it is a mean over classes.
    public var sensitivityCounts: Proportion? {
        only?.sensitivity(overall.confusionMatrix)
    }

    /// The counts behind specificity; nil where it is a mean over classes.
    public var specificityCounts: Proportion? {
        only?.specificity(overall.confusionMatrix)
    }

    public subscript<Value>(dynamicMember member: KeyPath<Assessment, Value>) -> Value { overall[keyPath: member] }
}
