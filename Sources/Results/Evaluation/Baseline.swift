/// A rule that never listens to a heart: it answers with class frequencies, of everything or of the recording's group.
///
/// A model that does not beat the rule by group may have learned where recordings come from, not what is in them.
public struct Baseline: Sendable {
    private let overall: [Double]
    private let byGroup: [String: [Double]]

    /// The class of a recording and its group: all that a rule reads.
    public struct Label: Hashable, Sendable {
        public let truth: Int
        public let group: String?

        public init(truth: Int, group: String?) {
            self.truth = truth
            self.group = group
        }
    }

    /// Answers with the class frequencies of `labels`.
    public static func majority(of labels: [Label], classes: Int) -> Baseline {
        Baseline(overall: frequencies(labels, classes: classes), byGroup: [:])
    }

    /// Answers with the class frequencies of the recording's group; for an unknown group, with those of all labels.
    public static func majorityByGroup(of labels: [Label], classes: Int) -> Baseline {
        let grouped = Dictionary(grouping: labels.filter { $0.group != nil }) { $0.group! }
        return Baseline(
            overall: frequencies(labels, classes: classes),
            byGroup: grouped.mapValues { frequencies($0, classes: classes) })
    }

    /// The rule's answers for the same recordings; the class with the highest frequency, the first of equals, wins.
    public func predictions(for predictions: [Prediction]) -> [Prediction] {
        predictions.map {
            Prediction(
                file: $0.file, truth: $0.truth, probabilities: $0.group.flatMap { byGroup[$0] } ?? overall,
                group: $0.group, subject: $0.subject)
        }
    }

    private static func frequencies(_ labels: [Label], classes: Int) -> [Double] {
        var counts = Array(repeating: 0.0, count: classes)
        for label in labels where counts.indices.contains(label.truth) { counts[label.truth] += 1 }
        return counts.map { $0 / Double(max(labels.count, 1)) }
    }
}

/// What the rule of the majority and that of the group's majority answer for the same recordings.
public struct BaselineAnswers: Sendable {
    private(set) var majorityClass: [Prediction]
    private(set) var majorityClassOfGroup: [Prediction]

    /// For no recordings yet.
    public init() { (majorityClass, majorityClassOfGroup) = ([], []) }

    /// For `predictions`' recordings, by rules that have read `labels`.
    public init(for predictions: [Prediction], reading labels: [Baseline.Label], classes: Int) {
        majorityClass = Baseline.majority(of: labels, classes: classes).predictions(for: predictions)
        majorityClassOfGroup = Baseline.majorityByGroup(of: labels, classes: classes).predictions(for: predictions)
    }

    /// Adds those for other recordings, by rules that may have read other labels.
    public static func += (answers: inout Self, others: Self) {
        answers.majorityClass += others.majorityClass
        answers.majorityClassOfGroup += others.majorityClassOfGroup
    }
}
