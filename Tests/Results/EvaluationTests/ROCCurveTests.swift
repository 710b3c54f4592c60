import Evaluation
import Testing

struct ROCCurveTests {
    @Test(arguments: GoldenCase.all.filter { $0.roc != nil })
    func pointsAreThoseOfScikitLearn(golden: GoldenCase) throws {
        let expected = try #require(golden.roc)
        let contrast = Contrast.contrasts(between: golden.classes)[0]
        let curve = try #require(contrast.curve(golden.predictions))
        #expect(curve.points.count == expected.fpr.count)
        for (point, (fpr, tpr)) in zip(curve.points, zip(expected.fpr, expected.tpr)) {
            #expect(agree(point.falsePositiveRate, fpr))
            #expect(agree(point.truePositiveRate, tpr))
        }
        #expect(curve.points.dropFirst().map(\.threshold) == expected.thresholds)
        #expect(curve.points[0].threshold == .infinity)
    }

    @Test func curveNeedsBothAnswersAndNumbers() {
        let contrast = Contrast.contrasts(between: ["normal", "abnormal"])[0]
        let normal = Prediction(file: "a", truth: 0, probabilities: [0.5, 0.5])
        let abnormal = Prediction(file: "b", truth: 1, probabilities: [0.5, .nan])
        #expect(contrast.curve([]) == nil)
        #expect(contrast.curve([normal]) == nil)
        #expect(contrast.curve([normal, abnormal]) == nil)
    }

    @Test(arguments: [
        (["abnormal", "normal"], ["abnormal"]), (["Normal", "murmur"], ["murmur"]), (["a", "b"], ["a", "b"]),
        (["a", "normal", "b"], ["not normal"]), (["a", "b", "c"], ["a", "b", "c"]), (["a"], []), ([], []),
    ])
    func positiveIsWhatIsNotNormal(classes: [String], expected: [String]) {
        #expect(Contrast.contrasts(between: classes).map(\.name) == expected)
    }
}
