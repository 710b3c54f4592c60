import Evaluation
import Testing

struct PrecisionRecallCurveTests {
    @Test(arguments: GoldenCase.all.filter { $0.precisionRecall != nil })
    func pointsAreThoseOfScikitLearn(golden: GoldenCase) throws {
        let expected = try #require(golden.precisionRecall)
        let contrast = Contrast.contrasts(between: golden.classes)[0]
        let points = try #require(contrast.precisionRecall(golden.predictions)).points
        // There, thresholds rise.
        #expect(points.count == expected.recall.count)
        for (point, (precision, recall)) in zip(points.reversed(), zip(expected.precision, expected.recall)) {
            #expect(agree(point.precision, precision))
            #expect(agree(point.recall, recall))
        }
        #expect(points.dropFirst().map(\.threshold).reversed() == expected.thresholds)
        #expect(points[0].threshold == .infinity)
    }

    @Test func curveNeedsSomethingPositive() {
        let contrast = Contrast.contrasts(between: ["normal", "abnormal"])[0]
        let normal = Prediction(file: "a", truth: 0, probabilities: [0.5, 0.5])
        let abnormal = Prediction(file: "b", truth: 1, probabilities: [0.25, 0.75])
        #expect(contrast.precisionRecall([]) == nil)
        #expect(contrast.precisionRecall([normal]) == nil)
        #expect(contrast.precisionRecall([normal, abnormal])?.averagePrecision == 1)
    }
}
