/// Recordings by falling score, cut into runs of equal score.
struct Ranking {
    /// Indices of recordings, the highest score first.
    let order: [Int]
    /// The parts of `order` that share a score.
    let ties: [Range<Int>]
    let scores: [Double]
    let positive: [Bool]

    /// Nil when a score is not a number.
    init?(scores: [Double], positive: [Bool]) {
        precondition(scores.count == positive.count, "ranking: \(scores.count) scores, \(positive.count) labels")
        guard !scores.contains(where: \.isNaN) else { return nil }
        let order = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        var ties: [Range<Int>] = []
        var start = 0
        for end in order.indices.dropFirst() where scores[order[end]] != scores[order[start]] {
            ties.append(start..<end)
            start = end
        }
        if !order.isEmpty { ties.append(start..<order.count) }
        self.order = order
        self.ties = ties
        self.scores = scores
        self.positive = positive
    }

    /// The area under the ROC curve when recording `i` occurs `weights[i]` times; nil when one answer does not occur.
    ///
    /// This is the Mann-Whitney statistic: of all pairs of a positive and a negative recording, the share in which the
    /// positive one scores higher, equal scores counting half. Counting is exact, in whole numbers.
    func area(weights: [Int]) -> Double? {
        var positives = 0
        var negatives = 0
        var halfPairs = 0
        for tie in ties {
            var tiedPositives = 0
            var tiedNegatives = 0
            for recording in order[tie] {
                if positive[recording] {
                    tiedPositives += weights[recording]
                } else {
                    tiedNegatives += weights[recording]
                }
            }
            halfPairs += tiedNegatives * (2 * positives + tiedPositives)
            positives += tiedPositives
            negatives += tiedNegatives
        }
        guard positives > 0, negatives > 0 else { return nil }
        return Double(halfPairs) / (2 * Double(positives) * Double(negatives))
    }

    var area: Double? { area(weights: Array(repeating: 1, count: scores.count)) }
}
