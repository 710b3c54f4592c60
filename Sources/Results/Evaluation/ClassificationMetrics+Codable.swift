/// The keys of `metrics.json`. An unknown figure is null, so that every file has the same keys.
extension ClassificationMetrics: Codable {
    enum CodingKeys: String, CodingKey {
        case classes, unscored, groups, baselines, threshold, unit, patients
        case positiveClass = "positive_class"
        case isThresholdInSample = "threshold_in_sample"
        case perClass = "per_class"
    }

    public init(from decoder: any Decoder) throws {
        overall = try Assessment(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        classes = try container.decode([String].self, forKey: .classes)
        unscored = try container.decode(Int.self, forKey: .unscored)
        positiveClass = try container.decode(String?.self, forKey: .positiveClass)
        unit = try container.decodeIfPresent(String.self, forKey: .unit)
        patients = try container.decodeIfPresent(Int.self, forKey: .patients) ?? 0
        let isInSample = try container.decode(Bool?.self, forKey: .isThresholdInSample) ?? false
        threshold = try container.decode(Double?.self, forKey: .threshold)
            .map { DecisionThreshold($0, isInSample: isInSample) }
        perClass = try container.decode([String: ClassScores].self, forKey: .perClass)
        groups = try container.decode([String: Assessment].self, forKey: .groups)
        baselines = try container.decode(Baselines?.self, forKey: .baselines)
        let rows = overall.confusionMatrix.classes
        guard rows == classes.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .classes, in: container, debugDescription: "\(rows) rows for \(classes.count) classes")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        try overall.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(classes, forKey: .classes)
        try container.encode(unscored, forKey: .unscored)
        try container.encode(positiveClass, forKey: .positiveClass)
        try container.encode(unit, forKey: .unit)
        try container.encode(patients, forKey: .patients)
        try container.encode(threshold?.value, forKey: .threshold)
        try container.encode(threshold?.isInSample, forKey: .isThresholdInSample)
        try container.encode(perClass, forKey: .perClass)
        try container.encode(groups, forKey: .groups)
        try container.encode(baselines, forKey: .baselines)
    }
}
