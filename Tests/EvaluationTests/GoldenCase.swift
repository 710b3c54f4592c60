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
    let logLoss: Double
    let sensitivityAtSpecificity: Double
    let perClass: [String: [Double?]]
    let roc: Curve?
    let bootstrap: [Double]?
    let byGroup: [String: Scores]?
    let majorityClass: Scores?
    let majorityClassOfGroup: Scores?

    struct Curve: Decodable, Sendable {
        let fpr: [Double]
        let tpr: [Double]
        let thresholds: [Double]
    }

    enum CodingKeys: String, CodingKey {
        case name, classes, truth, probabilities, groups, scores, report, roc, bootstrap
        case confusionMatrix = "confusion_matrix"
        case logLoss = "log_loss"
        case sensitivityAtSpecificity = "sensitivity_at_specificity"
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
}
