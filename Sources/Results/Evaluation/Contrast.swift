/// A question with two answers asked of several classes: one class against the rest, or everything but one class.
public struct Contrast: Hashable, Sendable {
    /// What the positive answer is called.
    public let name: String
    private let index: Int
    private let isComplement: Bool

    /// The contrasts over which sensitivity, specificity and the area under the curve are averaged.
    ///
    /// - A class that is said to be positive: it against the rest.
    /// - Else, one class of the healthy by its name (`NormalClass`): everything else together is positive.
    /// - Else each class against the rest.
    public static func contrasts(between classes: [String], positive: String? = nil) -> [Contrast] {
        guard classes.count > 1 else { return [] }
        if let index = positive.flatMap(classes.firstIndex) {
            return [Contrast(name: classes[index], index: index, isComplement: false)]
        }
        guard let normal = NormalClass.index(in: classes) else {
            return classes.enumerated().map { Contrast(name: $1, index: $0, isComplement: false) }
        }
        if classes.count == 2 {
            return [Contrast(name: classes[1 - normal], index: 1 - normal, isComplement: false)]
        }
        return [Contrast(name: "not \(classes[normal])", index: normal, isComplement: true)]
    }

    /// The contrast, where the classes pose one question only.
    public static func only(between classes: [String], positive: String? = nil) -> Contrast? {
        let contrasts = contrasts(between: classes, positive: positive)
        return contrasts.count == 1 ? contrasts[0] : nil
    }

    /// Of the classes "negative" and "positive", the second against the first.
    static let ofPositive = Contrast(name: "positive", index: 1, isComplement: false)

    public func isPositive(_ prediction: Prediction) -> Bool { (prediction.truth == index) != isComplement }

    /// Whether the most probable class is a positive one.
    func isCalledPositive(_ prediction: Prediction) -> Bool { (prediction.predicted == index) != isComplement }

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
