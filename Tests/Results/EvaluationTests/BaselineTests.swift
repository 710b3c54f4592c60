import Evaluation
import Testing

struct BaselineTests {
    let labels = [
        Baseline.Label(truth: 0, group: "a"), Baseline.Label(truth: 0, group: "a"),
        Baseline.Label(truth: 1, group: "a"),
        Baseline.Label(truth: 1, group: "b"), Baseline.Label(truth: 1, group: "b"),
    ]

    @Test(arguments: [("a", 0), ("b", 1), ("never seen", 1), (nil, 1)])
    func ruleByGroupReadsOnlyTheReference(group: String?, expected: Int) {
        let asked = Prediction(file: "x", truth: 0, probabilities: [0, 1], group: group)
        let answer = Baseline.majorityByGroup(of: labels, classes: 2).predictions(for: [asked])
        #expect(answer[0].predicted == expected)
    }

    @Test func majorityIsTheMostFrequentClass() {
        let asked = Prediction(file: "x", truth: 0, probabilities: [1, 0], group: "a")
        #expect(Baseline.majority(of: labels, classes: 2).predictions(for: [asked])[0].probabilities == [0.4, 0.6])
    }

    /// As in a cross-validation: whose labels a rule is scored by, it has not read.
    @Test func eachPartIsAnsweredByRulesThatHaveNotReadIt() throws {
        func part(_ group: String, truth: [Int]) -> [Prediction] {
            truth.enumerated().map {
                Prediction(file: "\(group)\($0)", truth: $1, probabilities: [0.4, 0.6], group: group)
            }
        }
        let (a, b) = (part("a", truth: [0, 0, 1]), part("b", truth: [1, 1, 0]))
        func labels(_ part: [Prediction]) -> [Baseline.Label] { part.map { .init(truth: $0.truth, group: $0.group) } }
        var answers = BaselineAnswers(for: a, reading: labels(b), classes: 2)
        answers += BaselineAnswers(for: b, reading: labels(a), classes: 2)
        let honest = try ClassificationMetrics(a + b, classes: ["abnormal", "normal"], answers: answers).baselines
        let flattered = try ClassificationMetrics(a + b, classes: ["abnormal", "normal"]).baselines
        // Two of three are of the class that the other part has most of.
        #expect(honest?.majorityClassOfGroup.accuracy == 1.0 / 3 && flattered?.majorityClassOfGroup.accuracy == 2.0 / 3)
    }

    @Test func whatTheModelCouldNotScoreTheRulesAreNotScoredByEither() throws {
        let asked = [
            Prediction(file: "x", truth: 0, probabilities: [1, 0], group: "a"),
            Prediction(file: "y", truth: 1, probabilities: [.nan, 0], group: "a"),
        ]
        let metrics = try ClassificationMetrics(
            asked, classes: ["abnormal", "normal"], answers: BaselineAnswers(for: asked, reading: labels, classes: 2))
        #expect(metrics.baselines?.majorityClassOfGroup.accuracy == 1)
    }
}
