import Evaluation
import Testing

struct PredictionTests {
    @Test(
        arguments: [
            ([0.2, 0.8], 1), ([0.5, 0.5], 0), ([0.1, 0.45, 0.45], 1), ([1], 0), ([], nil), ([.nan, 1], nil),
        ] as [([Double], Int?)])
    func firstOfTheGreatestProbabilitiesWins(probabilities: [Double], expected: Int?) {
        #expect(Prediction(file: "a", truth: 0, probabilities: probabilities).predicted == expected)
    }

    @Test func recordingIsScoredByTheMeanOfItsWindows() throws {
        let windows = [
            Prediction(file: "b", truth: 1, probabilities: [0.5, 0.5], group: "x"),
            Prediction(file: "a", truth: 0, probabilities: [1, 0]),
            Prediction(file: "b", truth: 1, probabilities: [0.25, 0.75], group: "x"),
            Prediction(file: "b", truth: 1, probabilities: [0, 1], group: "x"),
        ]
        let expected = [
            Prediction(file: "b", truth: 1, probabilities: [0.25, 0.75], group: "x"),
            Prediction(file: "a", truth: 0, probabilities: [1, 0]),
        ]
        #expect(try Prediction.averaging(windows: windows) == expected)
    }

    @Test(arguments: [
        Prediction(file: "a", truth: 1, probabilities: [1, 0], group: "x"),
        Prediction(file: "a", truth: 0, probabilities: [1, 0], group: "y"),
        Prediction(file: "a", truth: 0, probabilities: [1], group: "x"),
    ])
    func windowsOfOneRecordingMustAgree(second: Prediction) {
        let first = Prediction(file: "a", truth: 0, probabilities: [1, 0], group: "x")
        #expect(throws: EvaluationError.self) { try Prediction.averaging(windows: [first, second]) }
    }
}
