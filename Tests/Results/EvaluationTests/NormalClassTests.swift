import Evaluation
import Foundation
import Testing

struct NormalClassTests {
    @Test(arguments: [
        "normal", "Normal", "0_normal", "healthy", "Healthy controls", "control", "absent", "Murmur absent", "negative",
        "neg",
        "no_murmur", "No Murmur", "NoMurmur", "benign", "N", "-1", "0", "unauffällig", "without disease", "sin soplo",
        "normal heart",
    ])
    func theHealthyAreKnownByTheirName(name: String) { #expect(NormalClass.isNormal(name)) }

    @Test(arguments: [
        "abnormal", "Abnormal", "not normal", "non-normal", "unhealthy", "murmur", "present", "pos", "1", "AS",
        "disease",
        "extrastole", "Aortic stenosis, severe", "unknown", "krank", "no control", "2_murmur", "", "_",
    ])
    func allOthersAreNot(name: String) { #expect(!NormalClass.isNormal(name)) }

    @Test(arguments: [
        (["disease", "healthy"], "disease"), (["murmur", "no_murmur"], "murmur"), (["0", "1"], "1"),
        (["neg", "pos"], "pos"),
        (["AS", "MR", "N"], "not N"), (["Absent", "Present"], "Present"), (["krank", "unauffällig"], "krank"),
    ])
    func theOthersAreLookedFor(classes: [String], positive: String) {
        #expect(Contrast.only(between: classes)?.name == positive)
    }

    @Test func whereTheNamesDoNotTellNothingIsGuessed() {
        #expect(Contrast.only(between: ["a", "b"]) == nil)
        #expect(Contrast.only(between: ["healthy", "normal"]) == nil)
        #expect(Contrast.contrasts(between: ["a", "b"]).map(\.name) == ["a", "b"])
    }

    @Test func whatAPersonSaysGoesBeforeTheNames() throws {
        #expect(Contrast.only(between: ["abnormal", "normal"], positive: "normal")?.name == "normal")
        let three = try #require(Contrast.only(between: ["absent", "present", "unknown"], positive: "present"))
        let unknown = Prediction(file: "a", truth: 2, probabilities: [0.2, 0.3, 0.5])
        #expect(!three.isPositive(unknown))
        #expect(three.score(unknown) == 0.3)
    }

    @Test func metricsAreAboutThePositiveClassAndComeBackSo() throws {
        let predictions = [(0, 0.9), (0, 0.4), (1, 0.2), (1, 0.8), (1, 0.1)].enumerated().map { index, row in
            Prediction(file: "\(index)", truth: row.0, probabilities: [row.1, 1 - row.1])
        }
        let metrics = try ClassificationMetrics(
            predictions, classes: ["a", "b"], positive: "b", unit: "by patient", replicates: 10)
        #expect(metrics.positiveClass == "b")
        // Of three b, two are called so; of two a, one.
        #expect(metrics.sensitivity == 2.0 / 3 && metrics.specificity == 0.5)
        let again = try JSONDecoder().decode(ClassificationMetrics.self, from: JSONEncoder().encode(metrics))
        #expect(again == metrics)
        #expect(again.contrasts == Contrast.contrasts(between: ["a", "b"], positive: "b"))
    }
}
