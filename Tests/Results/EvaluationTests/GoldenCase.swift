import Evaluation
import Foundation
import Testing

/// One set of random predictions and what scikit-learn and Keras say about it (`scripts/golden/evaluation.py`).
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let classes: [String]
    let truth: [Int]
    let probabilities: [[Double]]
    let groups: [String]?
    let scores: Scores
    let confusionMatrix: [[Int]]
    let report: String
    let perClass: [String: [Double?]]
    let roc: Curve?
    let precisionRecall: PrecisionRecall?
    let reliability: Reliability
    let threshold: Double?
    let atThreshold: Decisions?
    let bootstrap: [Double]?
    let maccBootstrap: [Double]?
    let thresholdBootstrap: [Double]?
    let byGroup: [String: Scores]?
    let majorityClass: Scores?
    let majorityClassOfGroup: Scores?

    struct Curve: Decodable, Sendable {
        let fpr: [Double]
        let tpr: [Double]
        let thresholds: [Double]
    }

    struct PrecisionRecall: Decodable, Sendable {
        let precision: [Double]
        let recall: [Double]
        let thresholds: [Double]
    }

    struct Reliability: Decodable, Sendable {
        let frequency: [Double]
        let probability: [Double]
    }

    struct Decisions: Decodable, Sendable {
        let confusionMatrix: [[Int]]
        let accuracy: Double
        let sensitivity: Double
        let specificity: Double
        let precision: Double
        let f1: Double
        let macc: Double

        enum CodingKeys: String, CodingKey {
            case accuracy, sensitivity, specificity, precision, f1, macc
            case confusionMatrix = "confusion_matrix"
        }
    }

    enum CodingKeys: String, CodingKey {
        case name, classes, truth, probabilities, groups, scores, report, roc, reliability, threshold, bootstrap
        case confusionMatrix = "confusion_matrix"
        case precisionRecall = "precision_recall"
        case atThreshold = "at_threshold"
        case maccBootstrap = "macc_bootstrap"
        case thresholdBootstrap = "threshold_bootstrap"
        case perClass = "per_class"
        case byGroup = "by_group"
        case majorityClass = "majority_class"
        case majorityClassOfGroup = "majority_class_of_group"
    }

    var testDescription: String { name }

    var predictions: [Prediction] {
        truth.indices.map {
            Prediction(file: "a\($0)", truth: truth[$0], probabilities: probabilities[$0], group: groups?[$0])
        }
    }

    static let all: [GoldenCase] = decodeGolden("metrics.json")
}

/// Part, whole and the bounds of the Wilson interval.
struct GoldenProportion: Decodable, Sendable {
    let part: Int
    let whole: Int
    let lower: Double
    let upper: Double

    static let all: [GoldenProportion] = decodeGolden("proportions.json")
}

/// A share of the recordings of patients, by patient, and its interval.
struct GoldenShare: Decodable, Sendable {
    let answers: [[Bool]]
    let lower: Double
    let upper: Double

    static let all: [GoldenShare] = decodeGolden("shares.json")
}

/// Probabilities on Keras' thresholds, and its sensitivity at specificity 0.5.
struct GoldenSensitivity: Decodable, Sendable {
    let truth: [Int]
    let probabilities: [[Double]]
    let value: Double

    static let all: [GoldenSensitivity] = decodeGolden("sensitivities.json")
}

private func decodeGolden<Value: Decodable>(_ name: String) -> Value {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    return try! JSONDecoder().decode(Value.self, from: Data(contentsOf: folder.appending(path: name)))
}

/// Whether two figures agree to `tolerance`, or are both unknown.
func agree(_ a: Double?, _ b: Double?, tolerance: Double = 1e-9) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let a?, let b?): abs(a - b) <= tolerance
    default: false
    }
}

func agree(_ a: Scores, _ b: Scores) -> Bool {
    a.count == b.count && agree(a.accuracy, b.accuracy) && agree(a.sensitivity, b.sensitivity)
        && agree(a.specificity, b.specificity) && agree(a.macc, b.macc) && agree(a.auc, b.auc)
        && agree(a.averagePrecision, b.averagePrecision) && agree(a.logLoss, b.logLoss)
        && agree(a.brierScore, b.brierScore) && agree(a.expectedCalibrationError, b.expectedCalibrationError)
        // Keras divides in single precision.
        && agree(a.sensitivityAtSpecificity, b.sensitivityAtSpecificity, tolerance: 1e-6)
}
