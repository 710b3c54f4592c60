/// A question with two answers asked of several classes: one class against the rest, or everything but one class.
public struct Contrast: Hashable, Sendable {
    /// What the positive answer is called.
    public let name: String
    private let index: Int
    private let isComplement: Bool

    /// The contrasts over which sensitivity, specificity and the area under the curve are averaged.
    ///
    /// - Two classes: the one not called "normal" is positive; without such a name the second is.
    /// - More classes, one of them "normal": everything else together is positive.
    /// - More classes, none "normal": each class against the rest.
    public static func contrasts(between classes: [String]) -> [Contrast] {
        let normal = classes.firstIndex { $0.lowercased() == "normal" }
        switch (classes.count, normal) {
        case (...1, _): return []
        case (2, _):
            let positive = normal == 1 ? 0 : 1
            return [Contrast(name: classes[positive], index: positive, isComplement: false)]
        case (_, let normal?):
            return [Contrast(name: "not \(classes[normal])", index: normal, isComplement: true)]
        case (_, nil):
            return classes.enumerated().map { Contrast(name: $1, index: $0, isComplement: false) }
        }
    }

    /// The contrast, where the classes pose one question only.
    public static func only(between classes: [String]) -> Contrast? {
        let contrasts = contrasts(between: classes)
        return contrasts.count == 1 ? contrasts[0] : nil
    }

    /// Of the classes "negative" and "positive", the second against the first.
    static let ofPositive = Contrast(name: "positive", index: 1, isComplement: false)

    public func isPositive(_ prediction: Prediction) -> Bool { (prediction.truth == index) != isComplement }

    /// The probability of the positive answer.
    public func score(_ prediction: Prediction) -> Double {
        isComplement ? 1 - prediction.probabilities[index] : prediction.probabilities[index]
    }

    /// Of the positive, the share called positive.
    public func sensitivity(_ matrix: ConfusionMatrix) -> Proportion {
        isComplement ? matrix.specificity(of: index) : matrix.recall(of: index)
    }

    /// Of the negative, the share called negative.
    public func specificity(_ matrix: ConfusionMatrix) -> Proportion {
        isComplement ? matrix.recall(of: index) : matrix.specificity(of: index)
    }

    /// The predictions in order of this contrast's score; nil when a score is not a number.
    func ranking(_ predictions: [Prediction]) -> Ranking? {
        Ranking(scores: predictions.map(score), positive: predictions.map(isPositive))
    }

    /// The receiver operating characteristic; nil unless both answers occur and every score is a number.
    public func curve(_ predictions: [Prediction]) -> ROCCurve? {
        ranking(predictions).flatMap(ROCCurve.init)
    }

    /// Precision against recall; nil unless something is positive and every score is a number.
    public func precisionRecall(_ predictions: [Prediction]) -> PrecisionRecallCurve? {
        ranking(predictions).flatMap(PrecisionRecallCurve.init)
    }

    /// How often the positive answer is true, by its score: the reliability curve.
    public func calibration(_ predictions: [Prediction]) -> Calibration {
        Calibration(probabilities: predictions.map(score), outcomes: predictions.map(isPositive))
    }

    /// The mean squared difference of score and outcome (Brier, "Verification of forecasts expressed in terms of
    /// probability", 1950); nil without predictions.
    func brierScore(_ predictions: [Prediction]) -> Double? {
        guard !predictions.isEmpty else { return nil }
        return predictions.map { prediction in
            let error = score(prediction) - (isPositive(prediction) ? 1 : 0)
            return error * error
        }.mean
    }
}
