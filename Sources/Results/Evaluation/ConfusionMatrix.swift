/// How often each true class was given each name: rows are true classes, columns predicted ones.
public struct ConfusionMatrix: Hashable, Sendable {
    public private(set) var rows: [[Int]]

    public init(classes: Int) {
        rows = Array(repeating: Array(repeating: 0, count: classes), count: classes)
    }

    /// Counts the predictions that have a predicted class.
    public init(_ predictions: [Prediction], classes: Int) {
        self.init(classes: classes)
        for prediction in predictions {
            if let predicted = prediction.predicted { rows[prediction.truth][predicted] += 1 }
        }
    }

    /// Counts answer `i` `weights[i]` times.
    init(_ answers: [(truth: Int, called: Int)], weights: [Int], classes: Int) {
        self.init(classes: classes)
        for (answer, weight) in zip(answers, weights) { rows[answer.truth][answer.called] += weight }
    }

    public var classes: Int { rows.count }
    public var total: Int { rows.reduce(0) { $0 + $1.reduce(0, +) } }
    public var correct: Int { rows.indices.reduce(0) { $0 + rows[$1][$1] } }

    /// How many belong to the class.
    public func support(of index: Int) -> Int { rows[index].reduce(0, +) }

    /// The class that all belong to; nil where they belong to several, or there are none.
    public var onlyClass: Int? {
        let present = rows.indices.filter { support(of: $0) > 0 }
        return present.count == 1 ? present[0] : nil
    }

    /// How many were given the class's name.
    public func predicted(as index: Int) -> Int { rows.reduce(0) { $0 + $1[index] } }

    public var accuracy: Proportion { Proportion(correct, of: total) }

    /// Of those of the class, the share called so.
    public func recall(of index: Int) -> Proportion { Proportion(rows[index][index], of: support(of: index)) }

    /// Of those called by the class's name, the share that belongs to it.
    public func precision(of index: Int) -> Proportion { Proportion(rows[index][index], of: predicted(as: index)) }

    /// The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).
    public func f1(of index: Int) -> Proportion {
        Proportion(2 * rows[index][index], of: support(of: index) + predicted(as: index))
    }

    /// Of those not of the class, the share not called so.
    public func specificity(of index: Int) -> Proportion {
        let negatives = total - support(of: index)
        return Proportion(negatives - (predicted(as: index) - rows[index][index]), of: negatives)
    }

    /// The mean of sensitivity and specificity over the contrasts; nil when one of their answers does not occur.
    func macc(_ contrasts: [Contrast]) -> Double? {
        let shares = contrasts.flatMap { [$0.sensitivity(self).value, $0.specificity(self).value] }
        let known = shares.compactMap(\.self)
        return known.isEmpty || known.count < shares.count ? nil : known.mean
    }
}

/// In JSON, an array of rows.
extension ConfusionMatrix: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        try self.init(checking: container.decode([[Int]].self), at: container.codingPath)
    }

    /// Throws a `DecodingError` unless `rows` is a square of counts.
    init(checking rows: [[Int]], at path: [any CodingKey]) throws {
        guard rows.allSatisfy({ $0.count == rows.count && $0.allSatisfy { (0...Int(Int32.max)).contains($0) } }) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: path, debugDescription: "the confusion matrix is not a square of counts"))
        }
        self.rows = rows
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rows)
    }
}
