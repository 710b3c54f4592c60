import Evaluation
import Tables
import Testing

@testable import Reports

struct CSVTests {
    @Test func predictionsHaveTheColumnsOfTheContract() {
        let predictions = [
            Prediction(file: "b/a,1.wav", truth: 1, probabilities: [0.25, 0.75]),
            Prediction(file: "a2.wav", truth: 0, probabilities: [.nan, 0.5]),
        ]
        #expect(
            CSV(predictions, classes: ["abnormal", "normal"]).text == """
                file,true,predicted,p_abnormal,p_normal
                "b/a,1.wav",normal,normal,0.25,0.75
                a2.wav,abnormal,,nan,0.5

                """)
    }

    @Test func confusionMatrixNamesItsRowsAndColumns() {
        let predictions = [
            Prediction(file: "a", truth: 0, probabilities: [1, 0]),
            Prediction(file: "b", truth: 0, probabilities: [0, 1]),
            Prediction(file: "c", truth: 1, probabilities: [0, 1]),
        ]
        #expect(
            CSV(ConfusionMatrix(predictions, classes: 2), classes: ["abnormal", "normal"]).text == """
                true,predicted_abnormal,predicted_normal
                abnormal,1,1
                normal,0,1

                """)
    }
}
