/// The figures that can be stated about any set of predictions. A figure that the set cannot tell is nil.
public struct Scores: Hashable, Sendable {
    /// How many predictions were scored.
    public let count: Int
    /// The share whose predicted class is the true one.
    public let accuracy: Double?
    /// Of the positive, the share called positive; over several contrasts, their mean.
    public let sensitivity: Double?
    /// Of the negative, the share called negative; over several contrasts, their mean.
    public let specificity: Double?
    /// The mean of sensitivity and specificity.
    public let macc: Double?
    /// The area under the receiver operating characteristic; over several contrasts, their mean.
    public let auc: Double?

    /// `predictions` all have a predicted class.
    public init(_ predictions: [Prediction], classes: [String]) {
        let matrix = ConfusionMatrix(predictions, classes: classes.count)
        let contrasts = Contrast.contrasts(between: classes)
        count = predictions.count
        accuracy = matrix.accuracy.value
        sensitivity = Self.mean(contrasts.map { $0.sensitivity(matrix).value })
        specificity = Self.mean(contrasts.map { $0.specificity(matrix).value })
        if let sensitivity, let specificity { macc = (sensitivity + specificity) / 2 } else { macc = nil }
        auc = Self.mean(contrasts.map { $0.ranking(predictions)?.area })
    }

    /// The mean over the contrasts that can be told; a class that does not occur tells nothing.
    private static func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap(\.self)
        return known.isEmpty ? nil : known.mean
    }
}

/// An unknown figure is written as null, so that every file has the same keys.
extension Scores: Codable {
    enum CodingKeys: String, CodingKey {
        case count, accuracy, sensitivity, specificity, macc, auc
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(count, forKey: .count)
        try container.encode(accuracy, forKey: .accuracy)
        try container.encode(sensitivity, forKey: .sensitivity)
        try container.encode(specificity, forKey: .specificity)
        try container.encode(macc, forKey: .macc)
        try container.encode(auc, forKey: .auc)
    }
}
