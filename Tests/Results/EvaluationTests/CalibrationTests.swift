import Evaluation
import Testing

struct CalibrationTests {
    @Test(arguments: GoldenCase.all) func binsAreThoseOfScikitLearn(golden: GoldenCase) {
        let contrast = Contrast.contrasts(between: golden.classes)[0]
        let bins = contrast.calibration(golden.predictions).bins
        #expect(bins.count == golden.reliability.frequency.count)
        for (index, bin) in bins.enumerated() {
            #expect(agree(bin.probability, golden.reliability.probability[index]))
            #expect(agree(bin.frequency, golden.reliability.frequency[index]))
        }
        #expect(bins.reduce(0) { $0 + $1.count } == golden.truth.count)
    }

    @Test(arguments: [(0, 1), (0.05, 1), (0.1, 1), (0.100_001, 2), (0.3, 2), (1, 2)])
    func upperEdgeBelongsToTheBinAndZeroToTheLowest(probability: Double, bins: Int) {
        let contrast = Contrast.contrasts(between: ["normal", "abnormal"])[0]
        let predictions = [0.05, probability].map { Prediction(file: "", truth: 0, probabilities: [1 - $0, $0]) }
        #expect(contrast.calibration(predictions).bins.count == bins)
    }

    /// Nine of ten calls with 0.9 and one of two with 0.6 are right: only the second bin is off, by 0.1 for 2 of 12.
    @Test func errorIsTheGapBetweenConfidenceAndAccuracy() throws {
        let sure = (0..<10).map { Prediction(file: "", truth: $0 == 0 ? 1 : 0, probabilities: [0.9, 0.1]) }
        let unsure = (0..<2).map { Prediction(file: "", truth: $0, probabilities: [0.4, 0.6]) }
        let scores = Scores(sure + unsure, classes: ["normal", "abnormal"])
        #expect(agree(scores.expectedCalibrationError, 0.1 * 2 / 12))
    }
}
