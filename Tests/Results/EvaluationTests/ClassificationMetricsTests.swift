import Evaluation
import Foundation
import Testing

struct ClassificationMetricsTests {
    @Test(arguments: GoldenCase.all) func figuresAreThoseOfScikitLearnAndKeras(golden: GoldenCase) throws {
        let metrics = try ClassificationMetrics(golden.predictions, classes: golden.classes, replicates: 10)
        #expect(agree(metrics.scores, golden.scores), "\(metrics.scores) and \(golden.scores)")
        #expect(metrics.confusionMatrix.rows == golden.confusionMatrix)
        for (name, figures) in golden.perClass {
            let ours = try #require(metrics.perClass[name])
            #expect(agree(ours.precision, figures[0]))
            #expect(agree(ours.recall, figures[1]))
            #expect(agree(ours.f1, figures[2]))
        }
    }

    @Test(arguments: GoldenCase.all) func groupsAndBaselinesAreThoseOfScikitLearnAndKeras(golden: GoldenCase) throws {
        let metrics = try ClassificationMetrics(golden.predictions, classes: golden.classes, replicates: 0)
        #expect(metrics.groups.keys.sorted() == (golden.byGroup ?? [:]).keys.sorted())
        for (group, scores) in golden.byGroup ?? [:] {
            let ours = try #require(metrics.groups[group])
            #expect(agree(ours.scores, scores), "\(group): \(ours.scores) and \(scores)")
        }
        #expect((metrics.baselines == nil) == (golden.groups == nil))
        guard let baselines = metrics.baselines else { return }
        #expect(agree(baselines.majorityClass, try #require(golden.majorityClass)))
        #expect(agree(baselines.majorityClassOfGroup, try #require(golden.majorityClassOfGroup)))
    }

    @Test(arguments: GoldenCase.all.filter { $0.bootstrap != nil })
    func bootstrapIntervalsAreThoseOfNumPyButForChance(golden: GoldenCase) throws {
        let metrics = try ClassificationMetrics(golden.predictions, classes: golden.classes, replicates: 4000)
        for (interval, expected) in [
            (metrics.aucInterval, golden.bootstrap), (metrics.maccInterval, golden.maccBootstrap),
        ] {
            let (interval, expected) = (try #require(interval), try #require(expected))
            // Two independent bootstraps of 4000 replicates differ in their percentiles by less than a hundredth here.
            #expect(agree(interval.lower, expected[0], tolerance: 0.01), "\(interval) and \(expected)")
            #expect(agree(interval.upper, expected[1], tolerance: 0.01), "\(interval) and \(expected)")
        }
        #expect(try ClassificationMetrics(golden.predictions, classes: golden.classes, replicates: 4000) == metrics)
    }

    @Test func groupsIntervalIsThatOfTheGroupAlone() throws {
        let golden = try #require(GoldenCase.all.first { $0.groups != nil })
        let metrics = try ClassificationMetrics(golden.predictions, classes: golden.classes, seed: 3)
        let members = golden.predictions.filter { $0.group == "training-a" }
        let alone = try ClassificationMetrics(members, classes: golden.classes, seed: 3)
        #expect(alone.aucInterval != nil && alone.maccInterval != nil)
        #expect(metrics.groups["training-a"] == alone.overall)
        #expect(metrics.overall != alone.overall)
    }

    @Test(arguments: GoldenCase.all) func jsonReadsBackAsItWasWritten(golden: GoldenCase) throws {
        let metrics = try ClassificationMetrics(
            golden.predictions, classes: golden.classes,
            threshold: DecisionThreshold(chosenOn: golden.predictions, classes: golden.classes), replicates: 10)
        let data = try JSONEncoder().encode(metrics)
        #expect(try JSONDecoder().decode(ClassificationMetrics.self, from: data) == metrics)
    }

    @Test func jsonHoldsTheKeysOfTheContractAndNullForTheUnknown() throws {
        let one = Prediction(file: "a", truth: 0, probabilities: [0.75, 0.25], group: "x")
        let metrics = try ClassificationMetrics([one], classes: ["abnormal", "normal"])
        let data = try JSONEncoder().encode(metrics)
        let json = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        for key in [
            "count", "classes", "accuracy", "sensitivity", "specificity", "macc", "auc", "log_loss", "positive_class",
            "sensitivity_at_specificity_0.5", "confusion_matrix", "per_class", "groups", "baselines",
            "average_precision", "brier_score", "expected_calibration_error", "macc_interval_95", "threshold",
            "threshold_in_sample", "at_threshold",
        ] {
            #expect(json[key] != nil, "\(key)")
        }
        #expect(json["auc"] is NSNull)
        #expect(json["specificity"] is NSNull)
        #expect(json["sensitivity"] as? Double == 1)
        #expect(json["positive_class"] as? String == "abnormal")
        #expect(json["confusion_matrix"] as? [[Int]] == [[1, 0], [0, 0]])
        let groups = try #require(json["groups"] as? [String: [String: Any]])
        #expect(groups["x"]?["auc"] is NSNull)
    }

    @Test func nothingToScoreGivesUnknownFigures() throws {
        let metrics = try ClassificationMetrics([], classes: ["abnormal", "normal"])
        #expect(metrics.count == 0)
        #expect(metrics.accuracy == nil && metrics.auc == nil && metrics.logLoss == nil && metrics.aucInterval == nil)
        #expect(metrics.sensitivityAtSpecificity == nil && metrics.averagePrecision == nil && metrics.brierScore == nil)
        #expect(metrics.expectedCalibrationError == nil && metrics.maccInterval == nil && metrics.atThreshold == nil)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func predictionThatIsNotANumberIsLeftOutAndCounted(value: Double) throws {
        let good = [
            Prediction(file: "a", truth: 0, probabilities: [0.9, 0.1]),
            Prediction(file: "b", truth: 1, probabilities: [0.2, 0.8]),
        ]
        let bad = Prediction(file: "c", truth: 1, probabilities: [0.5, value])
        let metrics = try ClassificationMetrics(good + [bad], classes: ["abnormal", "normal"])
        #expect(metrics.unscored == 1)
        #expect(metrics.scores == (try ClassificationMetrics(good, classes: ["abnormal", "normal"]).scores))
    }

    @Test(arguments: [
        (Prediction(file: "a0001", truth: 0, probabilities: [1]), "a0001: has 1 probabilities for 2 classes"),
        (Prediction(file: "a0002", truth: 2, probabilities: [1, 0]), "a0002: its class index 2 is outside 0..<2"),
        (Prediction(file: "a0003", truth: -1, probabilities: [1, 0]), "a0003: its class index -1 is outside 0..<2"),
    ])
    func predictionThatDoesNotFitTheClassesIsRefused(prediction: Prediction, message: String) {
        let error = #expect(throws: EvaluationError.self) {
            try ClassificationMetrics([prediction], classes: ["abnormal", "normal"])
        }
        #expect(error?.description.hasPrefix(message) == true)
    }

    @Test func confusionMatrixThatIsNotSquareIsRefused() {
        for text in ["[[1,2],[3]]", "[[1,-2],[3,4]]", "[[1],[2]]"] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(ConfusionMatrix.self, from: Data(text.utf8))
            }
        }
    }
}
