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
}
