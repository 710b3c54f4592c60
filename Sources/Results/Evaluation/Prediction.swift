/// What the model says about one recording, or about one window of it.
public struct Prediction: Hashable, Sendable {
    /// The recording, as the data set names it.
    public let file: String
    /// The index of the true class.
    public let truth: Int
    /// One probability a class.
    public let probabilities: [Double]
    /// Where the recording comes from, such as a hospital; nil when nobody knows.
    public let group: String?
    /// Who was recorded; nil when nobody knows.
    public let subject: String?

    public init(
        file: String, truth: Int, probabilities: [Double], group: String? = nil, subject: String? = nil
    ) {
        self.file = file
        self.truth = truth
        self.probabilities = probabilities
        self.group = group
        self.subject = subject
    }

    /// The index of the greatest probability, the first of equals; nil unless every probability is a finite number.
    public var predicted: Int? { probabilities.mostProbable }

    /// Scores each recording by the mean of its windows' probabilities, added in the order given.
    ///
    /// Recordings come out in the order of their first window. Throws when two windows of one file disagree about its
    /// class, its group, its subject or the number of classes.
    public static func averaging(windows: [Prediction]) throws(EvaluationError) -> [Prediction] {
        var positions: [String: Int] = [:]
        var sums: [(first: Prediction, total: [Double], count: Double)] = []
        for window in windows {
            guard let position = positions[window.file] else {
                positions[window.file] = sums.count
                sums.append((window, window.probabilities, 1))
                continue
            }
            let first = sums[position].first
            guard window.truth == first.truth, window.group == first.group, window.subject == first.subject,
                window.probabilities.count == first.probabilities.count
            else {
                throw EvaluationError(
                    file: window.file,
                    reason: "its windows disagree about class, group, subject or number of classes; "
                        + "give each recording one name"
                )
            }
            for (index, probability) in window.probabilities.enumerated() {
                sums[position].total[index] += probability
            }
            sums[position].count += 1
        }
        return sums.map { first, total, count in
            Prediction(
                file: first.file, truth: first.truth, probabilities: total.map { $0 / count }, group: first.group,
                subject: first.subject)
        }
    }

    func check(classes: Int) throws(EvaluationError) {
        guard probabilities.count == classes else {
            throw EvaluationError(
                file: file,
                reason: "has \(probabilities.count) probabilities for \(classes) classes; "
                    + "evaluate with the data set the model was trained for")
        }
        guard (0..<classes).contains(truth) else {
            throw EvaluationError(
                file: file, reason: "its class index \(truth) is outside 0..<\(classes); check the data set's labels")
        }
    }
}
