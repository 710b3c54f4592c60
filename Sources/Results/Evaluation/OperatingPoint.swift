/// What the decisions by a threshold come to.
public struct OperatingPoint: Hashable, Sendable {
    /// Negative before positive: `[[true negatives, false positives], [false negatives, true positives]]`.
    public let matrix: ConfusionMatrix
    /// The bootstrap interval of the MAcc.
    public let maccInterval: ConfidenceInterval?
    /// By patient (`PatientShare`).
    public let sensitivityInterval: ConfidenceInterval?
    /// By patient.
    public let specificityInterval: ConfidenceInterval?

    public var accuracy: Proportion { matrix.accuracy }
    public var sensitivity: Proportion { matrix.recall(of: 1) }
    public var specificity: Proportion { matrix.specificity(of: 1) }
    public var precision: Proportion { matrix.precision(of: 1) }
    public var f1: Proportion { matrix.f1(of: 1) }
    /// The mean of sensitivity and specificity; nil when one of the answers does not occur.
    public var macc: Double? { matrix.macc([.ofPositive]) }
}

/// In JSON, the four counts and what follows from them. An unknown figure is null.
extension OperatingPoint: Codable {
    enum CodingKeys: String, CodingKey {
        case accuracy, sensitivity, specificity, precision, f1, macc
        case truePositives = "true_positives"
        case falseNegatives = "false_negatives"
        case falsePositives = "false_positives"
        case trueNegatives = "true_negatives"
        case sensitivityInterval = "sensitivity_interval_95"
        case specificityInterval = "specificity_interval_95"
        case maccInterval = "macc_interval_95"
    }

    private static let counts: [[CodingKeys]] = [
        [.trueNegatives, .falsePositives], [.falseNegatives, .truePositives],
    ]

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        matrix = try ConfusionMatrix(
            checking: Self.counts.map { try $0.map { try container.decode(Int.self, forKey: $0) } },
            at: container.codingPath)
        maccInterval = try container.decode(ConfidenceInterval?.self, forKey: .maccInterval)
        sensitivityInterval = try container.decode(ConfidenceInterval?.self, forKey: .sensitivityInterval)
        specificityInterval = try container.decode(ConfidenceInterval?.self, forKey: .specificityInterval)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        for (keys, row) in zip(Self.counts, matrix.rows) {
            for (key, count) in zip(keys, row) { try container.encode(count, forKey: key) }
        }
        try container.encode(accuracy.value, forKey: .accuracy)
        try container.encode(sensitivity.value, forKey: .sensitivity)
        try container.encode(sensitivityInterval, forKey: .sensitivityInterval)
        try container.encode(specificity.value, forKey: .specificity)
        try container.encode(specificityInterval, forKey: .specificityInterval)
        try container.encode(precision.value, forKey: .precision)
        try container.encode(f1.value, forKey: .f1)
        try container.encode(macc, forKey: .macc)
        try container.encode(maccInterval, forKey: .maccInterval)
    }
}
