internal import Randomness

/// A set of subjects, each with its recordings, drawn again and again with replacement (Efron and Tibshirani, "An
/// introduction to the bootstrap", 1993, chapter 13).
struct Bootstrap {
    /// The indices of each subject's recordings; a replicate draws as many subjects as there are.
    let subjects: [[Int]]
    let replicates: Int
    let seed: UInt64

    /// The percentile interval of each figure.
    ///
    /// A figure gets how often each recording was drawn. A replicate that it can say nothing of, such as one that
    /// misses an answer, is left out; its interval is nil when no replicate is left.
    func intervals(of figures: [([Int]) -> Double?]) -> [ConfidenceInterval?] {
        var values = Array(repeating: [Double](), count: figures.count)
        let count = subjects.reduce(0) { $0 + $1.count }
        for replicate in 0..<(count > 0 ? replicates : 0) {
            var draws = CounterGenerator(seed: seed, purpose: .bootstrap, round: UInt32(replicate)).stream()
            var weights = Array(repeating: 0, count: count)
            for _ in subjects {
                for recording in subjects[draws.below(subjects.count)] { weights[recording] += 1 }
            }
            for (index, figure) in figures.enumerated() {
                if let value = figure(weights) { values[index].append(value) }
            }
        }
        return values.map(ConfidenceInterval.init(ofReplicates:))
    }
}

extension Bootstrap {
    /// Of the subjects of predictions, in the order of the first of each. Where nobody knows the subject, a recording
    /// stands for itself.
    init(_ predictions: [Prediction], replicates: Int, seed: UInt64) {
        var places: [String: Int] = [:]
        var subjects: [[Int]] = []
        for (index, prediction) in predictions.enumerated() {
            if let subject = prediction.subject, let place = places[subject] {
                subjects[place].append(index)
            } else {
                if let subject = prediction.subject { places[subject] = subjects.count }
                subjects.append([index])
            }
        }
        self.init(subjects: subjects, replicates: replicates, seed: seed)
    }
}
