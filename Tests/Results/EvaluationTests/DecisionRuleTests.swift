import Evaluation
import Testing

private let two = ["abnormal", "normal"]
private let three = ["artifact", "murmur", "normal"]

/// (classes, threshold, probabilities, the class that is called)
@Test(
    arguments: [
        (two, 0.4, [0.4, 0.6], 0), (two, 0.4, [0.39, 0.61], 1), (two, 0.6, [0.59, 0.41], 1), (two, 0, [0, 1], 0),
        (two, 1, [0.99, 0.01], 1), (two, nil, [0.4, 0.6], 1), (two, nil, [0.5, 0.5], 0), (two, 0.4, [.nan, 0.6], nil),
        (["negative", "positive"], 0.3, [0.7, 0.3], 1), (["negative", "positive"], 0.3, [0.71, 0.29], 0),
        // From the threshold on, the more probable of the two that are not normal.
        (three, 0.3, [0.1, 0.2, 0.7], 1), (three, 0.3, [0.2, 0.1, 0.7], 0), (three, 0.3, [0.1, 0.15, 0.75], 2),
        (three, 0.3, [0.15, 0.15, 0.7], 0), (three, 0.9, [0.8, 0, 0.2], 2), (three, nil, [0.3, 0.3, 0.4], 2),
        // Several questions: no threshold decides them.
        (["a", "b", "c"], 0.1, [0.2, 0.3, 0.5], 2),
    ] as [([String], Double?, [Double], Int?)])
func theThresholdDecidesWhereTheClassesPoseOneQuestion(
    classes: [String], threshold: Double?, probabilities: [Double], label: Int?
) {
    #expect(DecisionRule(classes: classes, threshold: threshold).label(of: probabilities) == label)
}

@Test func aRuleKnowsWhetherItsThresholdCounts() {
    #expect(DecisionRule(classes: two, threshold: 0.4).contrast?.name == "abnormal")
    #expect(DecisionRule(classes: two, threshold: nil).contrast == nil)
    let several = DecisionRule(classes: ["a", "b", "c"], threshold: 0.4)
    #expect(several.contrast == nil && several.threshold == nil)
}
