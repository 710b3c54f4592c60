import Audio
import Datasets
import Foundation
import Spectrograms
import Testing
import Training
import TrainingData

@Suite struct BalanceTests {
    let dataset: Dataset

    /// Sites of 1, 2 and 3 abnormal and of 5, 2 and 0 normal recordings, a window each.
    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        var pitch: Float = 20
        for (site, counts) in [("a", (1, 5)), ("b", (2, 2)), ("c", (3, 0))] {
            let place = folder.appending(path: "data/\(site)")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            var lines = ""
            for index in 0..<counts.0 + counts.1 {
                lines += "r\(index),\(index < counts.0 ? 1 : -1)\n"
                pitch += 10
                let samples = (0..<200).map { sin(Float($0) * pitch / 2000) }
                try Sound(sampleRate: 2000, samples: samples).write(toWAV: place.appending(path: "r\(index).wav").path)
            }
            try Data(lines.utf8).write(to: place.appending(path: "REFERENCE.csv"))
        }
        let settings = DatasetSettings(spectrogram: SpectrogramSettings(fftSize: 64, mels: 16, height: 16, width: 16))
        dataset = try Dataset(
            .path(folder.appending(path: "data").path), settings: settings,
            cacheFolder: folder.appending(path: "cache").path)
    }

    private func sum(_ weights: [Float], _ isWanted: (Recording) -> Bool) -> Float {
        dataset.samples.indices.filter { isWanted(dataset.recordings[dataset.samples[$0].recording]) }
            .reduce(0) { $0 + weights[$1] }
    }

    /// What is validated with must not be seen in what is trained on, not even by the weights.
    @Test(arguments: Balance.allCases) func whatIsNotTrainedOnChangesNoWeight(balance: Balance) throws {
        let labels = dataset.samples.map(\.label)
        let (first, second) = (labels.firstIndex(of: 0)!, labels.firstIndex(of: 1)!)
        let training = [first, second]
        let weights = balance.weights(of: dataset, training: training)
        // One of each class: they count alike, however the others are divided.
        #expect(weights[first] == weights[second] || balance == .site)
        for sample in dataset.samples.indices where !training.contains(sample) { #expect(weights[sample] == 0) }
    }

    @Test func classesCountAlike() {
        let weights = Balance.class.weights(of: dataset, training: Array(dataset.samples.indices))
        for label in 0..<2 { #expect(abs(sum(weights) { $0.label == label } - 6.5) < 1e-5) }
    }

    @Test func withinASiteClassesCountAlikeAndTheSiteByItsNumberOfSamples() {
        let weights = Balance.site.weights(of: dataset, training: Array(dataset.samples.indices))
        for (site, label, expected) in [("a", 0, 3), ("a", 1, 3), ("b", 0, 2), ("b", 1, 2), ("c", 0, 3)]
            as [(String, Int, Float)]
        {
            #expect(abs(sum(weights) { $0.group == site && $0.label == label } - expected) < 1e-5)
        }
    }

    @Test func onlyWhatIsTrainedOnIsCounted() {
        let training = dataset.samples.indices.filter { $0 % 2 == 0 }
        let weights = Balance.class.weights(of: dataset, training: training)
        #expect(dataset.samples.indices.allSatisfy { (weights[$0] > 0) == training.contains($0) })
        #expect(abs(weights.reduce(0, +) - Float(training.count)) < 1e-5)
    }
}
