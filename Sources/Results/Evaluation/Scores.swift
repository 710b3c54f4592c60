import ElementaryFunctions

/// The figures that can be stated about any set of predictions. A figure that the set cannot tell is nil.
///
/// Over several contrasts, a figure of one contrast is their mean.
public struct Scores: Hashable, Sendable {
    /// How many predictions were scored.
    public let count: Int
    /// The share whose predicted class is the true one.
    public let accuracy: Double?
    /// Of the positive, the share called positive.
    public let sensitivity: Double?
    /// Of the negative, the share called negative.
    public let specificity: Double?
    /// The mean of sensitivity and specificity.
    public let macc: Double?
    /// The area under the receiver operating characteristic.
    public let auc: Double?
    /// The mean precision over the recall, as scikit-learn's `average_precision_score`.
    public let averagePrecision: Double?
    /// As Keras' `SensitivityAtSpecificity(0.5)` with 200 thresholds.
    public let sensitivityAtSpecificity: Double?
    /// The mean of -ln(probability of the true class), probabilities kept 2.2e-16 away from 0 and 1.
    public let logLoss: Double?
    /// The mean squared difference between the probability of the positive and what is so.
    public let brierScore: Double?
    /// How far the predicted class' probability lies from how often it is the true one (`Calibration`).
    public let expectedCalibrationError: Double?

    /// `predictions` all have a predicted class; `positive` is the class that is looked for, nil leaves that to their
    /// names.
    public init(_ predictions: [Prediction], classes: [String], positive: String? = nil) {
        let matrix = ConfusionMatrix(predictions, classes: classes.count)
        let contrasts = Contrast.contrasts(between: classes, positive: positive)
        let rankings = contrasts.map { $0.ranking(predictions) }
        count = predictions.count
        accuracy = matrix.accuracy.value
        sensitivity = Self.mean(contrasts.map { $0.sensitivity(matrix).value })
        specificity = Self.mean(contrasts.map { $0.specificity(matrix).value })
        if let sensitivity, let specificity { macc = (sensitivity + specificity) / 2 } else { macc = nil }
        auc = Self.mean(rankings.map { $0?.area })
        averagePrecision = Self.mean(rankings.map { $0.flatMap(PrecisionRecallCurve.init)?.averagePrecision })
        sensitivityAtSpecificity = SensitivityAtSpecificity().value(predictions)
        logLoss = Self.logLoss(predictions)
        brierScore = Self.mean(contrasts.map { $0.brierScore(predictions) })
        expectedCalibrationError = Calibration.ofPredictedClass(predictions).error
    }

    /// The mean over the contrasts that can be told; a class that does not occur tells nothing.
    private static func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap(\.self)
        return known.isEmpty ? nil : known.mean
    }

    private static func logLoss(_ predictions: [Prediction]) -> Double? {
        guard !predictions.isEmpty else { return nil }
        return predictions.map { prediction in
            -Elementary.log(min(max(prediction.probabilities[prediction.truth], .ulpOfOne), 1 - .ulpOfOne))
        }.mean
    }
}

/// An unknown figure is written as null, so that every file has the same keys.
extension Scores: Codable {
    enum CodingKeys: String, CodingKey {
        case count, accuracy, sensitivity, specificity, macc, auc
        case averagePrecision = "average_precision"
        case sensitivityAtSpecificity = "sensitivity_at_specificity_0.5"
        case logLoss = "log_loss"
        case brierScore = "brier_score"
        case expectedCalibrationError = "expected_calibration_error"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(count, forKey: .count)
        try container.encode(accuracy, forKey: .accuracy)
        try container.encode(sensitivity, forKey: .sensitivity)
        try container.encode(specificity, forKey: .specificity)
        try container.encode(macc, forKey: .macc)
        try container.encode(auc, forKey: .auc)
        try container.encode(averagePrecision, forKey: .averagePrecision)
        try container.encode(sensitivityAtSpecificity, forKey: .sensitivityAtSpecificity)
        try container.encode(logLoss, forKey: .logLoss)
        try container.encode(brierScore, forKey: .brierScore)
        try container.encode(expectedCalibrationError, forKey: .expectedCalibrationError)
    }
}
