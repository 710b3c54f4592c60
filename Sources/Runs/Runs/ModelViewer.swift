import AttentionUNet
import Datasets
import Evaluation
import Images
import Parameters
import Reports
import TensorCore
import Training
import TrainingData

/// Shows what a model saw of a recording, and what its attention gates let through.
struct ModelViewer {
    private let model: TrainedModel
    private let dataset: Dataset
    private let batches: BatchMaker
    private let computation: LaneComputation

    init(_ model: TrainedModel, _ dataset: Dataset) throws {
        (self.model, self.dataset) = (model, dataset)
        let configuration = model.configuration
        batches = BatchMaker(dataset: dataset, augmentation: configuration.augmentation, seed: configuration.seed)
        computation = try LaneComputation(
            network: .attentionUNet(configuration.model), numerics: configuration.numerics, keepsAttention: true)
    }

    /// Of the recordings that were called wrongly, those with the highest probability of the wrong class, the worst
    /// first; each by the window that spoke for that class most. What is less probable than `least` is not looked at.
    func worstMistakes(among predictions: [Prediction], atLeast least: Double = 0) throws -> [RunReport.Mistake] {
        let recordings = Dictionary(uniqueKeysWithValues: dataset.recordings.map { ($0.name, $0) })
        let wrong = predictions.compactMap { prediction -> (Prediction, Int, Recording)? in
            guard let called = prediction.predicted, called != prediction.truth,
                prediction.probabilities[called] >= least,
                let recording = recordings[prediction.file]
            else { return nil }
            return (prediction, called, recording)
        }.sorted { ($1.0.probabilities[$1.1], $0.0.file) < ($0.0.probabilities[$0.1], $1.0.file) }
        return try wrong.prefix(RunReport.mistakesShown).map { prediction, called, recording in
            let (window, view) = try view(of: recording, speakingFor: called)
            return RunReport.Mistake(
                file: prediction.file, truth: dataset.classes[prediction.truth], called: dataset.classes[called],
                probability: prediction.probabilities[called], window: window, windows: recording.samples.count,
                view: view)
        }
    }

    /// For each class, the recording among these that was called so most surely and rightly.
    func bestExamples(among predictions: [Prediction]) throws -> [(label: String, view: RunReport.View)] {
        try dataset.classes.indices.compactMap { label in
            let right = predictions.filter { $0.truth == label && $0.predicted == label }
            guard let best = right.max(by: { ($0.probabilities[label], $1.file) < ($1.probabilities[label], $0.file) }),
                let recording = dataset.recordings.first(where: { $0.name == best.file })
            else { return nil }
            return (dataset.classes[label], try view(of: recording, speakingFor: label).view)
        }
    }

    /// The window of a recording that speaks for a class most: its number, and what the network saw of it.
    private func view(
        of recording: Recording, speakingFor label: Int
    ) throws -> (window: Int, view: RunReport.View) {
        var chosen: (probability: Float, sample: Int, maps: [AttentionMap])?
        for sample in recording.samples {
            let images = batches.images(of: [UInt32(sample)], epoch: nil)
            let (probabilities, maps) = try withExtendedLifetime(images) {
                try computation.look(at: images.base, parameters: model.parameters)
            }
            if chosen == nil || probabilities[label] > chosen!.probability {
                chosen = (probabilities[label], sample, maps)
            }
        }
        let (_, sample, maps) = chosen!
        let picture = Image(
            width: dataset.width, height: dataset.height, pixels: dataset.withPixels(of: sample) { Array($0) })
        // From the coarsest gate to the finest, as they are passed.
        let attention = try maps.map { map in
            RunReport.View.Attention(
                name: map.name.split(separator: ".").prefix(2).joined(separator: "."), least: map.factors.min()!,
                greatest: map.factors.max()!, picture: try picture.lit(by: map).png())
        }
        return (dataset.samples[sample].window, RunReport.View(picture: try picture.png(), attention: attention))
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
