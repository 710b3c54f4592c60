import Evaluation
import Testing

struct DecisionThresholdTests {
    let classes = ["abnormal", "normal"]

    @Test(arguments: GoldenCase.all) func chosenThresholdHasTheGreatestBalancedAccuracy(golden: GoldenCase) {
        let threshold = DecisionThreshold(chosenOn: golden.predictions, classes: golden.classes)
        #expect(threshold?.value == golden.threshold)
        #expect(threshold?.isInSample == (golden.threshold == nil ? nil : true))
    }

    /// Scores of "abnormal", and the class: 0 is abnormal.
    @Test(
        arguments: [
            ([(0.9, 0), (0.1, 1)], 0.9),
            // 0.8 and 0.4 both reach a MAcc of 0.75; the lower one misses nobody.
            ([(0.8, 0), (0.6, 1), (0.4, 0), (0.2, 1)], 0.4),
            // Worse than chance at every other threshold: all are called positive.
            ([(0.7, 1), (0.3, 0)], 0.3),
            ([(0.5, 0), (0.5, 1)], 0.5),
            ([(0.5, 0), (0.4, 0)], nil),
            ([], nil),
        ] as [([(Double, Int)], Double?)])
    func lowestOfEquallyGoodThresholdsWins(recordings: [(Double, Int)], expected: Double?) {
        let predictions = recordings.map { Prediction(file: "", truth: $1, probabilities: [$0, 1 - $0]) }
        #expect(DecisionThreshold(chosenOn: predictions, classes: classes)?.value == expected)
    }

    @Test(arguments: GoldenCase.all.filter { $0.atThreshold != nil })
    func decisionsAreThoseOfScikitLearn(golden: GoldenCase) throws {
        let expected = try #require(golden.atThreshold)
        let threshold = DecisionThreshold(try #require(golden.threshold), isInSample: false)
        let point = try #require(
            try ClassificationMetrics(
                golden.predictions, classes: golden.classes, threshold: threshold, replicates: 4000
            ).atThreshold)
        #expect(point.matrix.rows == expected.confusionMatrix)
        #expect(agree(point.accuracy.value, expected.accuracy))
        #expect(agree(point.sensitivity.value, expected.sensitivity))
        #expect(agree(point.specificity.value, expected.specificity))
        #expect(agree(point.precision.value, expected.precision))
        #expect(agree(point.f1.value, expected.f1))
        #expect(agree(point.macc, expected.macc))
        let (interval, bounds) = (try #require(point.maccInterval), try #require(golden.thresholdBootstrap))
        // Two independent bootstraps of 4000 replicates differ in their percentiles by about a hundredth.
        #expect(agree(interval.lower, bounds[0], tolerance: 0.015), "\(interval) and \(bounds)")
        #expect(agree(interval.upper, bounds[1], tolerance: 0.015), "\(interval) and \(bounds)")
    }

    @Test func groupsAreDecidedByTheSameThreshold() throws {
        let predictions = [("a", 0.4, 0), ("a", 0.2, 1), ("b", 0.3, 0), ("b", 0.35, 1)].map {
            Prediction(file: $0, truth: $2, probabilities: [$1, 1 - $1], group: $0)
        }
        let threshold = DecisionThreshold(0.35, isInSample: false)
        let metrics = try ClassificationMetrics(predictions, classes: classes, threshold: threshold)
        #expect(metrics.atThreshold?.macc == 0.5 && metrics.macc == 0.5)
        #expect(metrics.groups["a"]?.atThreshold?.macc == 1)
        #expect(metrics.groups["b"]?.atThreshold?.macc == 0)
    }

    @Test func severalQuestionsHaveNoThreshold() throws {
        let predictions = (0..<6).map {
            Prediction(file: "", truth: $0 % 3, probabilities: [0.5, 0.25, 0.25])
        }
        let threshold = DecisionThreshold(0.3, isInSample: false)
        let metrics = try ClassificationMetrics(predictions, classes: ["a", "b", "c"], threshold: threshold)
        #expect(metrics.threshold == nil && metrics.atThreshold == nil)
    }
}
