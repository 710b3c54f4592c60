/// Precision, recall and F1 of one class against the rest.
public struct ClassScores: Hashable, Sendable {
    /// Of those given the class's name, the share that belongs to it; nil when none was.
    public let precision: Double?
    /// Of those of the class, the share given its name; nil when there is none.
    public let recall: Double?
    /// The harmonic mean of both.
    public let f1: Double?
    /// How many belong to the class.
    public let support: Int

    init(of index: Int, in matrix: ConfusionMatrix) {
        precision = matrix.precision(of: index).value
        recall = matrix.recall(of: index).value
        f1 = matrix.f1(of: index).value
        support = matrix.support(of: index)
    }
}

extension ClassScores: Codable {
    enum CodingKeys: String, CodingKey {
        case precision, recall, f1, support
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(precision, forKey: .precision)
        try container.encode(recall, forKey: .recall)
        try container.encode(f1, forKey: .f1)
        try container.encode(support, forKey: .support)
    }
}
