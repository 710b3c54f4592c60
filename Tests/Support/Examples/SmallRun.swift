import AttentionUNet
import Datasets
import Foundation
import Parameters
import Randomness
import Spectrograms
import TensorCore
import Training

/// A model and data small enough for a test.
package enum SmallRun {
    package static let model: ModelSettings = {
        var model = ModelSettings()
        (model.height, model.width, model.baseFilters) = (16, 32, 16)
        (model.denseLayers, model.denseWidth) = (2, 8)
        return model
    }()
    package static let network = Network.attentionUNet(model)
    package static let layout = network.parameterLayout

    /// Two windows each of six heart sounds.
    package static let dataset: Dataset = {
        let cache = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: cache) }
        let settings = DatasetSettings(
            spectrogram: SpectrogramSettings(height: model.height, width: model.width), windowSeconds: 2,
            maximumWindowsPerRecording: 2)
        return try! Dataset(.synthetic(recordings: 6, seed: 1), settings: settings, cacheFolder: cache)
    }()

    package static func numerics(_ algorithm: ConvolutionAlgorithm) -> NumericsSettings {
        var numerics = NumericsSettings()
        numerics.convolutions = ConvolutionChoices(algorithm)
        return numerics
    }

    /// Numbers in -1...1, always the same.
    package static func numbers(_ count: Int, item: UInt32) -> [Float] {
        var stream = CounterGenerator(seed: 8, purpose: .probe, item: item).stream()
        return (0..<count).map { _ in Float(stream.uniform(-1, 1)) }
    }
}
