/// What is said of one set of recordings, all of them or those of one group: figures, how sure they are, decisions.
@dynamicMemberLookup
public struct Assessment: Hashable, Sendable {
    /// Their members can be read as the assessment's own.
    public let scores: Scores
    /// The bootstrap interval of the AUC.
    public let aucInterval: ConfidenceInterval?
    /// The bootstrap interval of the MAcc.
    public let maccInterval: ConfidenceInterval?
    /// Of the accuracy, by patient (`PatientShare`).
    public let accuracyInterval: ConfidenceInterval?
    /// By patient; nil where sensitivity is a mean over classes.
    public let sensitivityInterval: ConfidenceInterval?
    /// By patient; nil where specificity is a mean over classes.
    public let specificityInterval: ConfidenceInterval?
    public let confusionMatrix: ConfusionMatrix
    /// The decisions by the threshold; nil without one.
    public let atThreshold: OperatingPoint?

    /// `predictions` all have a predicted class.
    init(
        _ predictions: [Prediction], classes: [String], positive: String?, threshold: DecisionThreshold?,
        replicates: Int, seed: UInt64
    ) {
        let contrasts = Contrast.contrasts(between: classes, positive: positive)
        let only = Contrast.only(between: classes, positive: positive)
        scores = Scores(predictions, classes: classes, positive: positive)
        confusionMatrix = ConfusionMatrix(predictions, classes: classes.count)
        accuracyInterval = PatientShare(predictions) { $0.predicted == $0.truth }.interval
        let byClass = only.map { only in PatientShare.both(predictions, only) { only.isCalledPositive($0) } }
        sensitivityInterval = byClass?.sensitivity.interval
        specificityInterval = byClass?.specificity.interval

        let rankings = contrasts.compactMap { $0.ranking(predictions) }
        let called = predictions.map { (truth: $0.truth, called: $0.predicted!) }
        let decided = only.flatMap { only in
            threshold.map { threshold in
                predictions.map {
                    (truth: only.isPositive($0) ? 1 : 0, called: only.score($0) >= threshold.value ? 1 : 0)
                }
            }
        }
        let intervals = Bootstrap(predictions, replicates: replicates, seed: seed).intervals(of: [
            { weights in
                let areas = rankings.compactMap { $0.area(weights: weights) }
                return areas.isEmpty || areas.count < rankings.count ? nil : areas.mean
            },
            { ConfusionMatrix(called, weights: $0, classes: classes.count).macc(contrasts) },
            { weights in decided.flatMap { ConfusionMatrix($0, weights: weights, classes: 2).macc([.ofPositive]) } },
        ])
        aucInterval = intervals[0]
        maccInterval = intervals[1]
        let once = Array(repeating: 1, count: predictions.count)
        atThreshold = decided.flatMap { decided in
            guard let only, let threshold else { return nil }
            let shares = PatientShare.both(predictions, only) { only.score($0) >= threshold.value }
            return OperatingPoint(
                matrix: ConfusionMatrix(decided, weights: once, classes: 2), maccInterval: intervals[2],
                sensitivityInterval: shares.sensitivity.interval, specificityInterval: shares.specificity.interval)
        }
    }

    public subscript<Value>(dynamicMember member: KeyPath<Scores, Value>) -> Value { scores[keyPath: member] }
}

/// An unknown figure is written as null, so that every file has the same keys.
extension Assessment: Codable {
    enum CodingKeys: String, CodingKey {
        case aucInterval = "auc_interval_95"
        case maccInterval = "macc_interval_95"
        case accuracyInterval = "accuracy_interval_95"
        case sensitivityInterval = "sensitivity_interval_95"
        case specificityInterval = "specificity_interval_95"
        case confusionMatrix = "confusion_matrix"
        case atThreshold = "at_threshold"
    }

    public init(from decoder: any Decoder) throws {
        scores = try Scores(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        aucInterval = try container.decode(ConfidenceInterval?.self, forKey: .aucInterval)
        maccInterval = try container.decode(ConfidenceInterval?.self, forKey: .maccInterval)
        accuracyInterval = try container.decodeIfPresent(ConfidenceInterval.self, forKey: .accuracyInterval)
        sensitivityInterval = try container.decode(ConfidenceInterval?.self, forKey: .sensitivityInterval)
        specificityInterval = try container.decode(ConfidenceInterval?.self, forKey: .specificityInterval)
        confusionMatrix = try container.decode(ConfusionMatrix.self, forKey: .confusionMatrix)
        atThreshold = try container.decode(OperatingPoint?.self, forKey: .atThreshold)
    }

    public func encode(to encoder: any Encoder) throws {
        try scores.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(aucInterval, forKey: .aucInterval)
        try container.encode(maccInterval, forKey: .maccInterval)
        try container.encode(accuracyInterval, forKey: .accuracyInterval)
        try container.encode(sensitivityInterval, forKey: .sensitivityInterval)
        try container.encode(specificityInterval, forKey: .specificityInterval)
        try container.encode(confusionMatrix, forKey: .confusionMatrix)
        try container.encode(atThreshold, forKey: .atThreshold)
    }
}
