import Testing

@testable import Evaluation

struct SensitivityAtSpecificityTests {
    @Test(arguments: GoldenSensitivity.all) func thresholdsAreThoseOfKeras(golden: GoldenSensitivity) throws {
        let predictions = zip(golden.truth, golden.probabilities).map {
            Prediction(file: "", truth: $0, probabilities: $1)
        }
        let value = try #require(SensitivityAtSpecificity().value(predictions))
        #expect(agree(value, golden.value, tolerance: 1e-6), "\(value) and \(golden.value)")
    }
}
