import ArgumentParser
import Augmentation
import Datasets
import Foundation
import Optimization
import Programs
import Runs
import TensorCore
import Training
import TrainingData

extension Preset: ExpressibleByArgument {}
extension LearningRateDecay: ExpressibleByArgument {}
extension DensePlacement: ExpressibleByArgument {}
extension GradientPrecision: ExpressibleByArgument {}
extension Balance: ExpressibleByArgument {}
extension FillMode: ExpressibleByArgument {}

/// What changes a preset, or a configuration file.
struct TrainingOptions: ParsableArguments {
    @Option(help: "quick (the default) learns in minutes, medium in hours; notebook is the notebook's own model.")
    var preset: Preset?

    @Option(help: "The images' height, a multiple of 16.")
    var height: Int?

    @Option(help: "The images' width, a multiple of 16.")
    var width: Int?

    @Option(help: "Filters of the first level; each lower one has twice as many.")
    var baseFilters: Int?

    @Option(help: "Dense layers on top.")
    var denseLayers: Int?

    @Option(help: "Units of each dense layer.")
    var denseWidth: Int?

    @Option(help: "The share of the flattened numbers that a training step leaves out.")
    var dropout: Float?

    @Option(help: "Passes over the training part.")
    var epochs: Int?

    @Option(help: "End after so many steps.")
    var maxSteps: Int?

    @Option(help: "Samples of a shard, the unit of work.")
    var shardSize: Int?

    @Option(help: "Shards of a step. The batch is this times the shard size, whatever the number of workers.")
    var shardsPerStep: Int?

    @Option(help: "The step along the gradient.")
    var learningRate: Float?

    @Option(help: "constant, or cosine: down to zero at the last step.")
    var learningRateDecay: LearningRateDecay?

    @Option(help: "The share of its speed that a parameter keeps.")
    var momentum: Float?

    @Flag(help: "Nesterov's look-ahead with the momentum.")
    var nesterov = false

    @Option(help: "Algorithms of the convolutions: a file of hbn benchmark convolutions (default: a rule of shapes).")
    var convolutions: String?

    @Option(help: "Each step takes learning rate times this from every parameter.")
    var weightDecay: Float?

    @Option(help: "Who multiplies with the first dense layer's kernel: server, or worker.")
    var densePlacement: DensePlacement?

    @Option(help: "What gradients are rounded to before they travel: float32, or bf16 for half the bytes.")
    var gradientPrecision: GradientPrecision?

    @Option(help: "Decides every draw.")
    var seed: UInt64?

    @Option(help: "Augmentation: degrees of shear to either side.")
    var shearRange: Double?

    @Option(help: "Augmentation: zoom of either axis, 0.2 for 0.8 to 1.2.")
    var zoomRange: Double?

    @Flag(help: "Augmentation: mirror every second image.")
    var horizontalFlip = false

    @Flag(help: "Augmentation: turn every second image upside down.")
    var verticalFlip = false

    @Option(help: "Augmentation: degrees of rotation to either side.")
    var rotationRange: Double?

    @Option(help: "Augmentation: shift along the width to either side, a fraction of it below 1, else pixels.")
    var widthShiftRange: Double?

    @Option(help: "Augmentation: shift along the height to either side, a fraction of it below 1, else pixels.")
    var heightShiftRange: Double?

    @Option(help: "Augmentation: what comes in at the border: nearest (the default), constant, reflect or wrap.")
    var fillMode: FillMode?

    @Option(help: "Augmentation: the value that comes in with --fill-mode constant, 0 to 255.")
    var fillValue: Double?

    @Option(help: "Augmentation: bands of columns of an image that are masked, as SpecAugment does.")
    var timeMasks: Int?

    @Option(help: "Augmentation: bands of rows of an image that are masked.")
    var frequencyMasks: Int?

    @Option(help: "Augmentation: the largest part of the width or height that one mask hides, 0.1 if not given.")
    var maskSize: Double?

    @Option(help: "The share of the recordings that is never trained on.")
    var validationFraction: Double?

    @Option(help: "Data of its own to validate with: a folder or a table, of the same classes.")
    var validationData: String?

    @Option(
        help:
            "Data to score only after the training, which the report is then about: a folder or a table. Whoever is in it is not trained on."
    )
    var testData: String?

    @Option(help: "The class that is looked for (default: what is not called normal, healthy, absent or the like).")
    var positiveClass: String?

    @OptionGroup var labelling: LabellingOptions

    @Option(help: "What counts alike in the loss: class, or site: the classes within each site (default: samples).")
    var balance: Balance?

    @Option(help: "Seconds of a window; 0 takes whole recordings.")
    var windowSeconds: Double?

    @OptionGroup var signal: SignalOptions

    @Option(help: "Synthetic recordings to make.")
    var recordings: Int?

    @Option(help: "Steps between checkpoints (default: an epoch).")
    var checkpointEvery: Int?

    @Option(help: "Checkpoints kept.")
    var keep: Int?

    /// Nothing was given.
    var isEmpty: Bool {
        let numbers: [Any?] = [
            preset, height, width, baseFilters, denseLayers, denseWidth, dropout, epochs, maxSteps, shardSize,
            shardsPerStep, learningRate, learningRateDecay, momentum, weightDecay, seed, shearRange,
            zoomRange,
            validationFraction, validationData, testData, positiveClass, windowSeconds, recordings, checkpointEvery,
            keep, convolutions,
            densePlacement, gradientPrecision, rotationRange, widthShiftRange, heightShiftRange, fillMode, fillValue,
            timeMasks, frequencyMasks, maskSize, balance,
        ]
        return numbers.allSatisfy { $0 == nil } && signal.isEmpty && labelling.isEmpty && !nesterov && !horizontalFlip
            && !verticalFlip
    }

    func apply(to configuration: inout RunConfiguration, data: String?) throws {
        func set<Value>(_ path: WritableKeyPath<RunConfiguration, Value>, _ value: Value?) {
            if let value { configuration[keyPath: path] = value }
        }
        // What may be absent stays as it is, too, where no option is given.
        func set<Value>(_ path: WritableKeyPath<RunConfiguration, Value?>, _ value: Value?) {
            if let value { configuration[keyPath: path] = value }
        }
        set(\.model.height, height)
        set(\.model.width, width)
        set(\.model.baseFilters, baseFilters)
        set(\.model.denseLayers, denseLayers)
        set(\.model.denseWidth, denseWidth)
        set(\.model.dropout, dropout)
        set(\.epochs, epochs)
        set(\.maximumSteps, maxSteps)
        set(\.shardSize, shardSize)
        set(\.shardsPerStep, shardsPerStep)
        set(\.optimizer.learningRate, learningRate)
        set(\.optimizer.decay, learningRateDecay)
        set(\.optimizer.momentum, momentum)
        set(\.optimizer.nesterov, nesterov ? true : nil)
        set(\.optimizer.weightDecay, weightDecay)
        set(\.densePlacement, densePlacement)
        set(\.numerics.gradientPrecision, gradientPrecision)
        set(\.balance, balance)
        set(\.seed, seed)
        set(\.augmentation.shearRange, shearRange)
        set(\.augmentation.zoomRange, zoomRange)
        set(\.augmentation.horizontalFlip, horizontalFlip ? true : nil)
        set(\.augmentation.verticalFlip, verticalFlip ? true : nil)
        set(\.augmentation.rotationRange, rotationRange)
        set(\.augmentation.widthShiftRange, widthShiftRange)
        set(\.augmentation.heightShiftRange, heightShiftRange)
        set(\.augmentation.fillMode, fillMode)
        set(\.augmentation.fillValue, fillValue)
        set(\.augmentation.timeMasks, timeMasks)
        set(\.augmentation.frequencyMasks, frequencyMasks)
        set(\.augmentation.maskSize, maskSize)
        set(\.validationFraction, validationFraction)
        set(\.testData, testData.map { URL(fileURLWithPath: $0).path })
        set(\.validationData, validationData.map { URL(fileURLWithPath: $0).path })
        set(\.positiveClass, positiveClass)
        if !labelling.isEmpty {
            var known = configuration.labelling ?? Labelling()
            labelling.apply(to: &known)
            configuration.labelling = known
        }
        set(\.checkpointEvery, checkpointEvery)
        set(\.checkpointsKept, keep)
        if let windowSeconds { configuration.dataset.windowSeconds = windowSeconds > 0 ? windowSeconds : nil }
        if let convolutions {
            configuration.numerics.convolutions = try ConvolutionChoices(
                readingFrom: convolutions, for: configuration.model)
        }
        signal.apply(to: &configuration.dataset.spectrogram)
        configuration.dataset.spectrogram.height = configuration.model.height
        configuration.dataset.spectrogram.width = configuration.model.width
        if data != nil || recordings != nil || seed != nil, data != nil || configuration.isSynthetic {
            configuration.data = DataSource(
                argument: data ?? "synthetic", recordings: recordings ?? DataSource.defaultRecordings,
                seed: configuration.seed)
        }
        if let complaint = configuration.complaint { throw RunFailure(.unusableArguments, complaint) }
    }
}

extension RunConfiguration {
    fileprivate var isSynthetic: Bool {
        if case .synthetic = data { true } else { false }
    }
}
