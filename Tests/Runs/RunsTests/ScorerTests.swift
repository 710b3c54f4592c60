import AttentionUNet
import Augmentation
import Checkpoints
import Datasets
import Examples
import Foundation
import Parameters
import Runs
import TensorCore
import Testing
import Training
import TrainingData

private let samples: [UInt32] = [7, 0, 3, 11, 2, 9, 1]
private let parameters = SmallRun.layout.initialParameters(seed: 5)
private let maker = BatchMaker(dataset: SmallRun.dataset, augmentation: AugmentationSettings(), seed: 1)

private func score(
    _ samples: [UInt32], lanes: Int, shardSize: Int = 2, parameters: ModelParameters = ModelParameters(parameters)
) throws -> [Float] {
    let scorer = Scorer(
        network: SmallRun.network, numerics: NumericsSettings(), parameters: parameters, shardSize: shardSize)
    return try scorer.probabilities(of: samples, lanes: lanes) { maker.images(of: $0, epoch: nil) }
}

@Test(arguments: [2, 3, 50]) func scoresDoNotDependOnTheNumberOfLanes(lanes: Int) throws {
    let alone = try score(samples, lanes: 1)
    #expect(alone.count == 2 * samples.count)
    #expect(try score(samples, lanes: lanes) == alone)
}

@Test func scoresComeInTheOrderOfTheSamples() throws {
    let scores = try score(samples, lanes: 2)
    for (index, sample) in samples.enumerated() {
        let alone = try score([sample], lanes: 1)
        for (a, b) in zip(alone, scores[2 * index..<2 * index + 2]) { #expect(abs(a - b) < 1e-5) }
    }
}

@Test func aModelScoresFromItsFileAsFromMemory() throws {
    let file = try ModelFileOnDisk(parameters)
    let mapped = try ModelParameters(try file.open(), SmallRun.layout)
    #expect(try score(samples, lanes: 2, parameters: mapped) == score(samples, lanes: 2))
}

@Test func aKernelOfAnotherShapeIsRefusedThoughItIsNotRead() throws {
    var settings = SmallRun.model
    settings.height *= 2
    let file = try ModelFileOnDisk(parameters)
    let error = try #require(throws: CheckpointError.self) {
        try ModelParameters(try file.open(), Network.attentionUNet(settings).parameterLayout)
    }
    #expect(error.reason.contains("head.dense1.kernel"))
}

@Test func noSamplesHaveNoScores() throws {
    #expect(try score([], lanes: 2).isEmpty)
}

@Test func aRecordingsScoreIsTheMeanOverItsWindows() throws {
    let dataset = SmallRun.dataset
    let recording = dataset.recordings[2]
    let samples = recording.samples.map(UInt32.init)
    #expect(samples.count == 2)
    let predictions = try ScoredRecordings.predictions(
        dataset, samples: samples, probabilities: [0.25, 0.75, 0.5, 0.5])
    #expect(predictions.map(\.file) == [recording.name])
    #expect(predictions.map(\.truth) == [recording.label])
    #expect(predictions.map(\.probabilities) == [[0.375, 0.625]])
}

@Test func windowsHaveTheMeanLossAndAccuracy() {
    let dataset = SmallRun.dataset
    let samples: [UInt32] = [0, 1, 10, 11]
    let labels = samples.map { dataset.samples[Int($0)].label }
    // The true class gets 3/4, 1/4, 1 and 0, which Keras takes for 1e-7.
    let truths: [Float] = [0.75, 0.25, 1, 0]
    var probabilities: [Float] = []
    for (truth, label) in zip(truths, labels) {
        probabilities += label == 0 ? [truth, 1 - truth] : [1 - truth, truth]
    }
    let scores = ScoredRecordings.windowScores(dataset, samples: samples, probabilities: probabilities)
    let wanted: Double = -(log(0.75) + log(0.25) + log(1e-7)) / 4
    #expect(scores.accuracy == 0.5)
    #expect(abs(scores.loss - wanted) < 1e-6)
}
