/// How a recording's class is decided from its probabilities.
public struct DecisionRule: Hashable, Sendable {
    /// What is called positive from the threshold on; nil where the most probable class is taken.
    public let contrast: Contrast?
    /// Of the contrast's score.
    public let threshold: Double?
    private let positive: Set<Int>

    /// With a threshold, where the classes pose one question. Without one the most probable class is taken.
    public init(classes: [String], positive named: String? = nil, threshold: Double?) {
        let contrast = threshold == nil ? nil : Contrast.only(between: classes, positive: named)
        self.contrast = contrast
        self.threshold = contrast == nil ? nil : threshold
        positive = Set(
            classes.indices.filter { contrast?.isPositive(Prediction(file: "", truth: $0, probabilities: [])) == true })
    }

    /// The most probable class among the positive or the negative ones, as the score tells, the first of equals; nil
    /// unless every probability is a finite number.
    public func label(of probabilities: [Double]) -> Int? {
        let prediction = Prediction(file: "", truth: 0, probabilities: probabilities)
        guard let contrast, let threshold else { return prediction.predicted }
        guard prediction.predicted != nil else { return nil }
        let isPositive = contrast.score(prediction) >= threshold
        return probabilities.indices.filter { positive.contains($0) == isPositive }
            .max { (probabilities[$0], $1) < (probabilities[$1], $0) }
    }
}
