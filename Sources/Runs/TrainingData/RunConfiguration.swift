import AttentionUNet
import Augmentation
import Datasets
import Foundation
import Optimization
import Spectrograms
import Training

/// All that decides a run's result: the same configuration and data give the same bits, on any number of workers.
///
/// Stands in the run's folder as config.json and in the metadata of each checkpoint.
public struct RunConfiguration: Codable, Hashable, Sendable {
    public var preset: Preset
    public var data: DataSource
    public var dataset: DatasetSettings
    public var validationFraction = 0.2
    /// What the model is tested with after the training; nil: the validation part.
    public var heldOut: HeldOut?
    /// A second data set, scored only after the training; whoever is in it is not trained on.
    public var testData: String?
    /// A data set of its own for the validation.
    public var validationData: String?
    /// What a person has said of the recordings; nil: nothing.
    public var labelling: Labelling?
    /// The class that is looked for; nil: the data or the names of its classes say so, or each is.
    public var positiveClass: String?
    /// Of all recordings' names and contents, once they are read: a run goes on with the same ones.
    public var dataDigest: String?
    /// Of all pictures, once they are made: a run goes on with the same ones.
    public var pixelDigest: String?
    /// The names of the classes in the data, once it is read.
    public var classes: [String] = []
    public var model: ModelSettings
    public var optimizer: SGD
    public var augmentation = AugmentationSettings()
    /// Whose losses count more, so that rare ones are not passed over; nil: all count alike.
    public var balance: Balance?
    public var numerics = NumericsSettings()
    public var densePlacement = DensePlacement.server
    public var seed: UInt64 = 1
    /// The digest of the parameters that the run begins with, where a file gave them; nil: they are drawn.
    public var initialParameters: String?
    public var epochs: Int
    /// The run ends after so many steps, wherever in an epoch.
    public var maximumSteps: Int?
    public var shardSize: Int
    public var shardsPerStep: Int
    /// Steps between checkpoints; nil: one at the end of each epoch.
    public var checkpointEvery: Int?
    /// Checkpoints kept beside the best and the final parameters.
    public var checkpointsKept = 3

    /// What nodes brought in that compute other bits than the coordinator; nil: there were none.
    public var otherBits: OtherBits?

    public struct OtherBits: Codable, Hashable, Sendable {
        /// Shards whose result that counted came from such workers.
        public var shards = 0
        /// Steps that such parameter servers had a part in.
        public var steps = 0

        public init() {}
    }

    /// All that is read.
    public var selection: DataSelection {
        DataSelection(data, labelling: labelling ?? .init(), validation: validationData, test: testData)
    }

    /// What is wrong with the numbers, in one line, or nil.
    public var complaint: String? {
        if let complaint = model.complaint ?? optimizer.complaint ?? labelling?.complaint { return complaint }
        let picture = dataset.spectrogram
        do {
            try augmentation.check()
            try picture.check()
        } catch {
            return "\(error)"
        }
        if picture.height != model.height || picture.width != model.width {
            return "the pictures are \(picture.height)x\(picture.width), the model takes \(model.height)x\(model.width)"
        }
        if !classes.isEmpty && classes.count != model.classes {
            return "there are \(classes.count) classes, the model has \(model.classes)"
        }
        if !(1...1_000_000).contains(epochs) { return "epochs must be 1 to 1000000, not \(epochs)" }
        if let maximumSteps, maximumSteps < 1 { return "max steps must be at least 1, not \(maximumSteps)" }
        if !(1...4096).contains(shardSize) { return "the shard size must be 1 to 4096, not \(shardSize)" }
        if !(1...4096).contains(shardsPerStep) { return "shards per step must be 1 to 4096, not \(shardsPerStep)" }
        if !(0..<1).contains(validationFraction) {
            return "the validation fraction must be at least 0 and below 1, not \(validationFraction)"
        }
        if let checkpointEvery, checkpointEvery < 1 { return "checkpoint every must be at least 1 step" }
        if checkpointsKept < 1 { return "keep must be at least 1 checkpoint" }
        return nil
    }

    public func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    /// Throws `UnknownKey` where it names a setting that there is not.
    public static func decode(_ data: Data) throws -> RunConfiguration { try decodeWhole(data, except: \.formerKeys) }

    /// Where there stands what runs with other numerics wrote, and nothing reads any more.
    public var formerKeys: Set<[String]> {
        numerics.version < 2 ? [["fingerprints"], ["numerics", "threadsPerLane"]] : []
    }
}

/// Ready-made configurations.
public enum Preset: String, Codable, CaseIterable, Sendable {
    /// Learns in about six minutes on two cores.
    case quick
    /// Learns in hours on a few cores.
    case medium
    /// The notebook's own model of 2,070,110,598 parameters and its hyper-parameters.
    case notebook

    public var summary: String {
        switch self {
        case .quick: "learns in about six minutes on two cores"
        case .medium: "learns in hours on a few cores"
        case .notebook: "the notebook's own model and hyper-parameters"
        }
    }

    public var configuration: RunConfiguration {
        var model = ModelSettings()
        var optimizer = SGD()
        let windows: (seconds: Double, hop: Double, most: Int?)?
        let (epochs, shardSize, shardsPerStep): (Int, Int, Int)
        switch self {
        case .quick:
            (model.height, model.width, model.baseFilters, model.denseLayers) = (64, 64, 16, 2)
            optimizer = SGD(learningRate: 0.005, momentum: 0.9)
            optimizer.decay = .cosine
            windows = (5, 2.5, 8)
            (epochs, shardSize, shardsPerStep) = (14, 8, 2)
        case .medium:
            (model.height, model.width, model.baseFilters, model.denseLayers) = (128, 160, 32, 2)
            optimizer = SGD(learningRate: 0.005, momentum: 0.9)
            optimizer.decay = .cosine
            windows = (5, 2.5, nil)
            (epochs, shardSize, shardsPerStep) = (40, 8, 4)
        case .notebook:
            windows = nil
            (epochs, shardSize, shardsPerStep) = (50, 2, 4)
        }
        return RunConfiguration(
            preset: self, data: .synthetic(recordings: DataSource.defaultRecordings, seed: 1),
            dataset: DatasetSettings(
                spectrogram: SpectrogramSettings(height: model.height, width: model.width),
                windowSeconds: windows?.seconds, windowHopSeconds: windows?.hop,
                maximumWindowsPerRecording: windows?.most),
            model: model, optimizer: optimizer, epochs: epochs, shardSize: shardSize, shardsPerStep: shardsPerStep)
    }
}
