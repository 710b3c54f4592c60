import AttentionUNet
import Augmentation
import Checkpoints
import Datasets
import Evaluation
import Files
import Foundation
import Logging
import Parameters
import Programs
import Reports
import TensorCore
import Training
import TrainingData

/// A run's model, for looking at new recordings.
public struct TrainedModel: Sendable {
    public let configuration: RunConfiguration
    /// The file the parameters come from.
    public let path: String
    let parameters: ModelParameters
    private let run: String
    /// Are these the parameters that the run's threshold was chosen for?
    private let areFinal: Bool
    private let scorer: Scorer

    /// Reads a run's configuration and parameters, by default the final ones, or those of the newest checkpoint while
    /// it is not done. Throws if they are not finite.
    public init(run: String, _ choice: RunParameters? = nil) throws {
        self.run = run
        configuration = try RunConfiguration(ofRun: run)
        let file = try SafetensorsFile(ofRun: run, choice)
        try file.checkFinite()
        path = file.path
        areFinal = choice ?? .final == .final
        let network = Network.attentionUNet(configuration.model)
        parameters = try ModelParameters(file, network.parameterLayout)
        scorer = Scorer(
            network: network, numerics: configuration.numerics, parameters: parameters,
            shardSize: configuration.shardSize)
    }

    /// The probabilities of a data set's recordings, or of those with these samples.
    public func predictions(for dataset: Dataset, samples: [UInt32]? = nil, lanes: Int) throws -> [Prediction] {
        let samples = samples ?? dataset.samples.indices.map(UInt32.init)
        let batches = BatchMaker(dataset: dataset, augmentation: configuration.augmentation, seed: configuration.seed)
        let probabilities = try scorer.probabilities(of: samples, lanes: lanes) { batches.images(of: $0, epoch: nil) }
        try check(probabilities)
        return try ScoredRecordings.predictions(dataset, samples: samples, probabilities: probabilities)
    }

    /// The probability of each class for one sound or image file: the mean over its windows.
    public func probabilities(ofFileAt path: String, lanes: Int) throws -> [Double] {
        let pictures = try RecordingRenderer(configuration.dataset).pictures(ofFileAt: path)
        let size = configuration.model.height * configuration.model.width * 3
        let rows = try scorer.probabilities(of: pictures.indices.map(UInt32.init), lanes: lanes) { samples in
            let images = FloatBuffer(count: samples.count * size)
            for (index, sample) in samples.enumerated() {
                pictures[Int(sample)].pixels.withUnsafeBufferPointer {
                    normalize(
                        $0, into: UnsafeMutableBufferPointer(rebasing: images.floats[index * size..<(index + 1) * size])
                    )
                }
            }
            return images
        }
        try check(rows)
        let classes = configuration.classes.count
        return (0..<classes).map { label in
            stride(from: label, to: rows.count, by: classes).reduce(0) { $0 + Double(rows[$1]) }
                / Double(pictures.count)
        }
    }

    /// Throws if a model with finite parameters comes to numbers that are not: a training that diverges passes through
    /// such.
    private func check(_ probabilities: [Float]) throws {
        guard probabilities.allSatisfy(\.isFinite) else {
            throw RunFailure(
                .badData,
                "\(path): with these parameters the probabilities are not finite: the training has diverged; choose earlier "
                    + "ones by --parameters best or step-N, or train with a smaller --learning-rate")
        }
    }

    /// The threshold that the run has chosen on its validation part, for its final parameters; nil for others, while it
    /// is not done, or if it could not.
    public func storedThreshold() throws -> Double? {
        guard areFinal else { return nil }
        struct Stored: Decodable {
            let threshold: Double?
        }
        let path = RunFolder(run).path(.metrics)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try RegularFile.contents(of: path, atMost: 1 << 28)
        } catch {
            throw RunFailure(.inputOutput, "\(error)")
        }
        guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(bytes)) else {
            throw RunFailure(
                .badData, "\(path): does not hold a run's metrics; move it away to do without its threshold")
        }
        return stored.threshold
    }

    /// Scores a data set and writes metrics, predictions and the report into a new folder; returns the report's path.
    public func evaluate(
        on source: DataSource, labelling: Labelling, output: String, lanes: Int, log: Logger
    ) throws -> String {
        let threshold = try storedThreshold()
        if !areFinal { log.info("no threshold is used: the run has chosen its own for its final parameters") }
        let folder = try OutputFolder(new: output, log: log)
        var labelling = labelling
        labelling.diagnosis = labelling.diagnosis ?? configuration.labelling?.diagnosis
        var selection = DataSelection(source, labelling: labelling, classes: configuration.classes)
        selection.usual = configuration.labelling ?? .init()
        let dataset = try TrainingRun.read(selection, configuration.dataset, log: log)
        let (samples, partText) = dataset.scored
        let predictions = try predictions(for: dataset, samples: samples.map(UInt32.init), lanes: lanes)
        let known = try Acquaintance(of: dataset, samples, withRun: run, configuration)
        let isInSample = known.isThresholdInSample
        let metrics = try ClassificationMetrics(
            predictions, classes: dataset.classes, positive: configuration.positiveClass, unit: "\(dataset.unit)",
            threshold: threshold.map { DecisionThreshold($0, isInSample: isInSample) }, seed: configuration.seed)
        var facts = configuration.facts(of: dataset)
        facts.removeAll { $0.name == "Data" }
        facts.insert(.init("Data", source.name), at: 0)
        facts.insert(.init("Trained on", configuration.data.name), at: 1)
        facts.append(.init("Parameters from", path))
        if let partText { facts.append(.init("Scored on", partText)) }
        let cautions = dataset.unit.cautions + known.cautions
        for caution in cautions { log.warning("\(caution)") }
        try RunReport(
            title: "HeartBeatNet evaluation", facts: facts, predictions: predictions, metrics: metrics,
            mistakes: try ModelViewer(self, dataset).worstMistakes(among: predictions),
            skipped: dataset.skipped.map { .init(file: $0.path, reason: $0.reason) },
            cautions: cautions
        ).write(to: folder.url)
        try folder.write(
            Data(UsedRecordings.text(of: dataset, scored: samples).utf8), to: .recordings)
        for row in metrics.summary { print(row) }
        return folder.path(.report)
    }
}

/// What a run knows already of recordings that its model is to be scored with.
private struct Acquaintance {
    /// Whether the run's threshold was chosen on some of them, or on others of their patients.
    let isThresholdInSample: Bool
    let cautions: [String]

    init(of dataset: Dataset, _ samples: [Int], withRun run: String, _ configuration: RunConfiguration) throws {
        guard let used = try UsedRecordings(ofRun: run) else {
            // A run of an earlier version left no table.
            isThresholdInSample = dataset.digest == configuration.dataDigest
            cautions =
                isThresholdInSample
                ? ["These are the recordings that the run began with: most of them were trained on."] : []
            return
        }
        let scored = dataset.recordings(of: samples)
        func caution(_ part: Part, _ words: String) -> String? {
            let count = used.count(of: scored, in: part)
            return count == 0
                ? nil : "\(count) of these \(scored.count) recordings, or others of their patients, \(words)."
        }
        let validated = caution(.validation, "were validated with, and the threshold was chosen on them")
        isThresholdInSample = validated != nil
        cautions = [caution(.training, "were trained on"), validated].compactMap(\.self)
    }
}
