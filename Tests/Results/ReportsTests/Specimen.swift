import Evaluation
import Foundation
import Randomness

@testable import Reports

/// A made-up run of plausible size.
enum Specimen {
    static func predictions(count: Int, classes: [String], skill: Double = 2) -> [Prediction] {
        var draws = CounterGenerator(seed: 7, purpose: .synthesis).stream()
        return (0..<count).map { index in
            let site = draws.below(6)
            let truth = draws.uniform() < 0.2 + 0.05 * Double(site) ? 0 : 1 + draws.below(classes.count - 1)
            var odds = classes.indices.map { exp(draws.normal() + ($0 == truth ? skill : 0)) }
            let sum = odds.reduce(0, +)
            for index in odds.indices { odds[index] /= sum }
            return Prediction(
                file: "training-\("abcdef".map(String.init)[site])/a\(index).wav", truth: truth, probabilities: odds,
                group: "training-\("abcdef".map(String.init)[site])")
        }
    }

    static func history(epochs: Int) -> [EpochRecord] {
        var draws = CounterGenerator(seed: 8, purpose: .synthesis).stream()
        return (1..<(epochs + 1)).map { epoch in
            let progress = 1 - exp(-Double(epoch) / 8)
            return EpochRecord(
                epoch: epoch, step: epoch * 40, trainingLoss: 0.7 - 0.5 * progress + 0.01 * draws.normal(),
                trainingAccuracy: 0.55 + 0.37 * progress + 0.008 * draws.normal(),
                validationLoss: 0.7 - 0.36 * progress + 0.004 * Double(epoch) + 0.02 * draws.normal(),
                validationAccuracy: 0.55 + 0.3 * progress + 0.015 * draws.normal(),
                validationAUC: 0.55 + 0.38 * progress + 0.01 * draws.normal(), samples: 2560, seconds: 61.5,
                ledgerDigest: "5f2c\(epoch)")
        }
    }

    static func report(
        title: String = "PhysioNet/CinC 2016, preset medium", count: Int = 301,
        classes: [String] = ["abnormal", "normal"], epochs: Int = 30, skill: Double = 2, isTested: Bool = false
    ) throws -> RunReport {
        let predictions = predictions(count: count, classes: classes, skill: skill)
        let chosen = DecisionThreshold(chosenOn: predictions, classes: classes)
        let threshold = isTested ? chosen?.outOfSample : chosen
        return RunReport(
            title: title,
            facts: [
                .init("Data", "PhysioNet/CinC Challenge 2016, 3240 recordings of 6 sites, 301 of them for testing"),
                .init("Input", "128 × 128 mel spectrogram, 2 kHz, windows of 5 s"),
                .init("Model", "attention U-Net, 16 base filters, 15 dense layers of 256; 9 103 526 parameters"),
                .init("Optimizer", "SGD, learning rate 0.01, momentum 0.9"),
                .init("Batch", "4 shards of 16 samples a step"), .init("Seed", "0"),
            ],
            cluster: [
                .init("Workers", "4 (16 lanes), all bitwise peers"),
                .init("Throughput", "41.6 samples a second over 30 epochs"),
                .init("Shards", "4800 done, 12 handed to another lane"),
                .init("Digest of the parameters", String(repeating: "9f86d081884c7d65", count: 4)),
            ],
            predictions: predictions,
            metrics: try ClassificationMetrics(predictions, classes: classes, threshold: threshold),
            history: history(epochs: epochs),
            skipped: [
                .init(file: "training-e/e00210.wav", reason: "holds 0 samples"),
                .init(file: "training-e/e01934.wav", reason: "is not labelled in REFERENCE.csv"),
            ])
    }
}

/// An empty folder that is removed at the end.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "reports-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}
