/// The best sensitivity among the thresholds that reach a given specificity, as Keras' metric of that name defines it.
///
/// Every class of every recording is one answer (labels one-hot, probabilities flattened), so with two classes each
/// recording counts twice. The thresholds are `0, 1/(n-1), …, 1`; a probability is positive when it lies above the
/// threshold. The arithmetic is in single precision, like Keras'.
struct SensitivityAtSpecificity {
    var specificity: Float = 0.5
    var thresholds = 200

    /// Nil without predictions.
    func value(_ predictions: [Prediction]) -> Double? {
        guard !predictions.isEmpty else { return nil }
        // above[t]: answers whose probability lies above threshold t but not above threshold t + 1.
        var above = Array(repeating: (positive: 0, negative: 0), count: thresholds)
        var positives = 0
        var negatives = 0
        for prediction in predictions {
            for (index, probability) in prediction.probabilities.enumerated() {
                let bucket = Int((min(max(Float(probability), 0), 1) * Float(thresholds - 1)).rounded(.up)) - 1
                let isPositive = index == prediction.truth
                if isPositive { positives += 1 } else { negatives += 1 }
                guard bucket >= 0 else { continue }
                if isPositive { above[bucket].positive += 1 } else { above[bucket].negative += 1 }
            }
        }
        var best: Float = 0
        var hits = 0
        var alarms = 0
        for bucket in above.reversed() {
            hits += bucket.positive
            alarms += bucket.negative
            let reached = negatives > 0 ? Float(negatives - alarms) / Float(negatives) : 0
            if reached >= specificity { best = max(best, Float(hits) / Float(positives)) }
        }
        return Double(best)
    }
}
