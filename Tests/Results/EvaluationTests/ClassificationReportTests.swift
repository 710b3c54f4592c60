import Evaluation
import Testing

struct ClassificationReportTests {
    @Test(arguments: GoldenCase.all) func textIsThatOfScikitLearn(golden: GoldenCase) {
        let matrix = ConfusionMatrix(golden.predictions, classes: golden.classes.count)
        #expect(ClassificationReport(matrix, classes: golden.classes).description == golden.report)
    }

    @Test func reportOfNothingIsZeros() {
        let report = ClassificationReport(ConfusionMatrix(classes: 2), classes: ["abnormal", "normal"]).description
        #expect(report.split(separator: "\n").last == "weighted avg       0.00      0.00      0.00         0")
    }
}
