/// The keys of `metrics.json`. An unknown figure is null, so that every file has the same keys.
extension ClassificationMetrics: Codable {
    enum CodingKeys: String, CodingKey {
        case classes, unscored, groups, baselines
        case positiveClass = "positive_class"
        case aucInterval = "auc_interval_95"
        case sensitivityInterval = "sensitivity_interval_95"
        case specificityInterval = "specificity_interval_95"
        case sensitivityAtSpecificity = "sensitivity_at_specificity_0.5"
        case logLoss = "log_loss"
        case confusionMatrix = "confusion_matrix"
        case perClass = "per_class"
    }

    public init(from decoder: any Decoder) throws {
        scores = try Scores(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        classes = try container.decode([String].self, forKey: .classes)
        unscored = try container.decode(Int.self, forKey: .unscored)
        positiveClass = try container.decode(String?.self, forKey: .positiveClass)
        aucInterval = try container.decode(ConfidenceInterval?.self, forKey: .aucInterval)
        sensitivityAtSpecificity = try container.decode(Double?.self, forKey: .sensitivityAtSpecificity)
        logLoss = try container.decode(Double?.self, forKey: .logLoss)
        confusionMatrix = try container.decode(ConfusionMatrix.self, forKey: .confusionMatrix)
        perClass = try container.decode([String: ClassScores].self, forKey: .perClass)
        groups = try container.decode([String: Scores].self, forKey: .groups)
        baselines = try container.decode(Baselines?.self, forKey: .baselines)
        guard confusionMatrix.classes == classes.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .confusionMatrix, in: container,
                debugDescription: "\(confusionMatrix.classes) rows for \(classes.count) classes")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        try scores.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(classes, forKey: .classes)
        try container.encode(unscored, forKey: .unscored)
        try container.encode(positiveClass, forKey: .positiveClass)
        try container.encode(aucInterval, forKey: .aucInterval)
        try container.encode(sensitivityCounts?.interval, forKey: .sensitivityInterval)
        try container.encode(specificityCounts?.interval, forKey: .specificityInterval)
        try container.encode(sensitivityAtSpecificity, forKey: .sensitivityAtSpecificity)
        try container.encode(logLoss, forKey: .logLoss)
        try container.encode(confusionMatrix, forKey: .confusionMatrix)
        try container.encode(perClass, forKey: .perClass)
        try container.encode(groups, forKey: .groups)
        try container.encode(baselines, forKey: .baselines)
    }
}
