import AttentionUNet
import Datasets
import Evaluation
import Images
import Parameters
import Reports
import TensorCore
import Training

/// The recordings that a model is most wrong about, with what it saw of them.
extension TrainedModel {
    /// Of the recordings that were called wrongly, those with the highest probability of the wrong class, the worst first; each
    /// by the window that spoke for that class most, and with what each attention gate let through of it.
    func worstMistakes(among predictions: [Prediction], of dataset: Dataset, count: Int = 6) throws
        -> [RunReport.Mistake]
    {
        let recordings = Dictionary(uniqueKeysWithValues: dataset.recordings.map { ($0.name, $0) })
        let wrong = predictions.compactMap { prediction -> (Prediction, Int, Recording)? in
            guard let called = prediction.predicted, called != prediction.truth,
                let recording = recordings[prediction.file]
            else { return nil }
            return (prediction, called, recording)
        }.sorted { ($1.0.probabilities[$1.1], $0.0.file) < ($0.0.probabilities[$0.1], $1.0.file) }
        guard !wrong.isEmpty else { return [] }
        let computation = try LaneComputation(
            network: .attentionUNet(configuration.model), numerics: configuration.numerics, keepsAttention: true)
        return try wrong.prefix(count).map { prediction, called, recording in
            var worst: (probability: Float, window: Int, maps: [AttentionMap])?
            for sample in recording.samples {
                let (probabilities, maps) = try look(at: sample, of: dataset, by: computation)
                if worst == nil || probabilities[called] > worst!.probability {
                    worst = (probabilities[called], sample, maps)
                }
            }
            let picture = Image(
                width: dataset.width, height: dataset.height,
                pixels: dataset.withPixels(of: worst!.window) { Array($0) })
            return RunReport.Mistake(
                file: prediction.file, truth: dataset.classes[prediction.truth], called: dataset.classes[called],
                probability: prediction.probabilities[called], window: dataset.samples[worst!.window].window,
                windows: recording.samples.count, picture: try picture.png(),
                // From the coarsest gate to the finest, as they are passed.
                attention: try worst!.maps.map { map in
                    .init(
                        name: map.name.split(separator: ".").prefix(2).joined(separator: "."),
                        least: map.factors.min()!, greatest: map.factors.max()!,
                        picture: try picture.lit(by: map).png())
                })
        }
    }

    private func look(
        at sample: Int, of dataset: Dataset, by computation: LaneComputation
    ) throws -> (probabilities: [Float], maps: [AttentionMap]) {
        let images = BatchMaker(dataset: dataset, augmentation: configuration.augmentation, seed: configuration.seed)
            .images(of: [UInt32(sample)], epoch: nil)
        return try withExtendedLifetime(images) {
            try computation.look(at: images.base, parameters: parameters)
        }
    }
}

extension Image {
    /// The picture as it is where a gate lets most through, and dark where it lets least through.
    func lit(by map: AttentionMap) -> Image {
        let (least, greatest) = (map.factors.min()!, map.factors.max()!)
        var pixels = pixels
        for y in 0..<height {
            for x in 0..<width {
                let factor = map.factors[y * map.height / height * map.width + x * map.width / width]
                let light = greatest > least ? 0.15 + 0.85 * (factor - least) / (greatest - least) : 1
                for channel in 0..<3 {
                    let place = 3 * (y * width + x) + channel
                    pixels[place] = UInt8(Float(pixels[place]) * light)
                }
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }
}
