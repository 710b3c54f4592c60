import Audio
import Datasets
import Foundation
import Spectrograms
import Testing
import Training
import TrainingData

@Suite struct SampleWeightsTests {
    private func dataset(weights: [String]) throws -> Dataset {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var table = "file,label,weight\n"
        for (index, weight) in weights.enumerated() {
            let samples = (0..<200).map { sin(Float($0 * (index + 1)) / 40) }
            try Sound(sampleRate: 2000, samples: samples).write(toWAV: folder.appending(path: "\(index).wav").path)
            table += "\(index).wav,\(index % 2 == 0 ? "a" : "b"),\(weight)\n"
        }
        try Data(table.utf8).write(to: folder.appending(path: "table.csv"))
        let settings = DatasetSettings(spectrogram: SpectrogramSettings(fftSize: 64, mels: 16, height: 16, width: 16))
        return try Dataset(
            .path(folder.appending(path: "table.csv").path), settings: settings,
            cacheFolder: folder.appending(path: "cache").path)
    }

    @Test func withoutWeightsOrBalanceAllCountAlike() throws {
        #expect(SampleWeights.weights(of: try dataset(weights: ["", "1", ""]), balance: nil, training: [0, 1]) == nil)
    }

    @Test func weightsAreInProportionAndOneInTheMean() throws {
        let dataset = try dataset(weights: ["2", "1", "0", "5"])
        #expect(SampleWeights.weights(of: dataset, balance: nil, training: [0, 1, 2]) == [2, 1, 0, 0])
    }

    @Test func weightsMultiplyWhatIsBalanced() throws {
        // Three of a and one of b: balanced, b counts three times as much; twice that by its weight.
        let dataset = try dataset(weights: ["1", "2", "1", "1", "1"])
        let weights = try #require(SampleWeights.weights(of: dataset, balance: .class, training: [0, 1, 2, 4]))
        #expect(weights[3] == 0 && weights[0] == weights[2])
        #expect(abs(weights[1] / weights[0] - 6) < 1e-5)
        #expect(abs(weights.reduce(0, +) - 4) < 1e-5)
    }
}
