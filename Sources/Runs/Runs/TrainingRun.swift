import AttentionUNet
import Checkpoints
import Coordination
import Datasets
import Evaluation
import EventFiles
import Files
import Foundation
import Logging
import Messages
import Parameters
import Programs
import Reports
import TensorCore
import Training
import TrainingData

/// A training from the data to the report: what `hbn-coordinator` does.
public final class TrainingRun {
    private(set) var configuration: RunConfiguration
    let dataset: Dataset
    let split: Split
    let validation: [UInt32]
    /// What is neither trained on nor validated with, and scored at the end.
    let test: [UInt32]
    let layout: ParameterLayout
    let folder: OutputFolder
    let checkpoints: CheckpointFolder
    let writer: CheckpointWriter
    let cluster: Cluster
    private let interruption: Interruption
    let gathering: Gathering
    /// What --resume goes on with, if it is not the run's own folder.
    private let resumedBy: String?
    /// Does nobody need the workers afterwards?
    private let isLast: Bool
    let isResumed: Bool
    let log: Logger
    private(set) var history: History
    let events: EventFile
    var line = ProgressLine()
    private(set) var course: RunCourse
    /// Has this process taken a step?
    private(set) var hasTrained = false
    private var scoringRounds: UInt64 = 0
    private var validationProbabilities: [Float] = []
    private(set) var testProbabilities: [Float] = []
    let began = ContinuousClock.now

    static func makeInterruption(_ log: Logger) throws -> Interruption {
        try Interruption(
            secondTime: .interrupted, "interrupted twice; what was trained since the newest checkpoint is lost"
        ) {
            log.info("writing a checkpoint, then ending; Ctrl-C again ends at once")
        }
    }

    /// Starts a new run in `output`, with the parameters in a file if one is named, or goes on with the one in
    /// `resuming`, whose configuration is then taken.
    public convenience init(
        _ configuration: RunConfiguration, output: String?, initialParameters: String? = nil, resuming: String?,
        gathering: Gathering, trust: TrustSettings, log: Logger
    ) throws {
        try self.init(
            configuration, output: output, initialParameters: initialParameters, resuming: resuming,
            gathering: gathering, trust: trust, interruption: Self.makeInterruption(log), resumedBy: nil, isLast: true,
            log: log)
    }

    /// One of several runs that follow each other, which are gone on with together, by `resumedBy`.
    init(
        _ configuration: RunConfiguration, output: String?, initialParameters: String? = nil, resuming: String?,
        gathering: Gathering, trust: TrustSettings, interruption: Interruption, resumedBy: String?, isLast: Bool,
        log: Logger
    ) throws {
        (self.interruption, self.resumedBy, self.isLast) = (interruption, resumedBy, isLast)
        self.log = log
        isResumed = resuming != nil
        if let resuming {
            try configuration.checkNumerics(
                ofRun: resuming,
                otherwise: "start anew from its parameters, with --config "
                    + "\(RunFolder(resuming).path(.configuration)) and --initial-parameters FILE")
        }
        // Before the data are read.
        try gathering.checkLimits()
        let path = output ?? OutputFolder.nextFree()
        folder =
            try resuming.map { try OutputFolder(existing: $0, log: log) }
            ?? OutputFolder(
                new: path, remedy: "go on with it by --resume \(path), or choose another folder", log: log)
        var configuration = configuration
        dataset = try Self.read(configuration.selection, configuration.dataset, log: log)
        if resuming == nil {
            try configuration.adopt(dataset)
        } else if configuration.classes != dataset.classes {
            throw RunFailure(
                .badData, "the data has classes \(dataset.classes), the run was started with \(configuration.classes)")
        }
        try configuration.check(isStill: dataset)
        let layout = Network.attentionUNet(configuration.model).parameterLayout
        self.layout = layout
        let initial = try initialParameters.map { try InitialParameters(path: $0, layout) }
        if let initial { configuration.initialParameters = initial.digest }
        self.configuration = configuration

        split = try dataset.split(
            validationFraction: configuration.validationFraction, heldOut: configuration.heldOut,
            seed: configuration.seed)
        try dataset.checkTraining(split)
        validation = split.validation.map(UInt32.init)
        test = split.test.map(UInt32.init)
        course = RunCourse(
            EpochSchedule(
                samples: split.training.map(UInt32.init), shardSize: configuration.shardSize,
                shardsPerStep: configuration.shardsPerStep, seed: configuration.seed),
            epochs: configuration.epochs, maximumSteps: configuration.maximumSteps)

        checkpoints = try CheckpointFolder(path: folder.path(.checkpoints))
        writer = CheckpointWriter(layout: layout, waking: interruption.wakeup, log: log)
        try Self.checkMemory(for: layout, configuration)
        history = try History(folder: folder.url)
        events = EventFile(folder: folder.url)
        let batches = BatchMaker(
            dataset: dataset, augmentation: configuration.augmentation, seed: configuration.seed,
            weights: SampleWeights.weights(
                of: dataset, balance: configuration.balance, training: split.training))
        self.gathering = gathering
        cluster = try Cluster(
            gathering: gathering, configuration: configuration.ofCluster(totalSteps: course.totalSteps), layout: layout,
            trust: trust,
            load: { samples, epoch in
                ShardTensors(
                    images: batches.images(of: samples, epoch: epoch), labels: batches.labels(of: samples),
                    weights: batches.weights(of: samples))
            }, interruption: interruption, log: log)
        do {
            // From here on it is a run; what failed before leaves the folder free for another try.
            if let initial { try keep(initial) }
            if resuming == nil {
                try folder.write(Data(UsedRecordings.text(of: dataset, split).utf8), to: .recordings)
                try folder.write(configuration)
            }
            // Drawn parameters are placed at once: who is welcomed before that is welcomed to a placement that will not
            // be.
            let isDrawn = resuming == nil && initial == nil
            try begin { try isDrawn ? firstStartingPoint() : newestStartingPoint() }
        } catch {
            try? cluster.end(reason: "the run cannot begin")
            throw error
        }
    }

    /// Begins where `start` says; and again, on the servers that are left, if one is lost before all have their parts.
    private func begin(_ start: () throws -> StartingPoint) throws {
        while true {
            do {
                return try begin(at: start())
            } catch let lost as ParameterServers.Lost {
                log.warning("parameter server \(lost.name) \(lost.cause); the parameters are placed anew")
            }
        }
    }

    /// Goes on from here, whatever was trained beyond.
    private func begin(at start: StartingPoint) throws {
        let isBest = course.begin(after: start.source.version, start.progress, history: history.records)
        events.start(after: Int(course.step))
        try cluster.place(start.source)
        if isBest { try keepBest() }
    }

    /// Servers have come or want to go: each fetches its part of a checkpoint.
    private func placeAnew() throws {
        try writeCheckpoint()
        try begin { try newestStartingPoint() }
    }

    /// Notes in config.json what came from nodes that compute other bits. Called before parameters that hold it are
    /// written, so that a run which goes on from them knows.
    func countOtherBits() {
        let (shards, steps) = cluster.takeOtherBits()
        guard shards + steps > 0 else { return }
        var otherBits = configuration.otherBits ?? .init()
        otherBits.shards += shards
        otherBits.steps += steps
        configuration.otherBits = otherBits
        do {
            try folder.write(configuration)
        } catch {
            log.error("\(error); training goes on")
        }
    }

    /// Trains to the end and returns the report's path.
    public func train() throws -> String {
        announce()
        do {
            do {
                return try trainToTheEnd()
            } catch is Cluster.Interrupted {
                throw try interrupted()
            }
        } catch let failure as ShardFailure {
            try? cluster.end(reason: "the run failed")
            throw RunFailure(.internalError, describe(failure))
        } catch let failure as StepFailure {
            try? cluster.end(reason: "the run failed")
            throw RunFailure(.internalError, describe(failure))
        } catch let divergence as NotFinite {
            try? cluster.end(reason: "the run failed")
            throw RunFailure(.internalError, describe(divergence))
        } catch {
            try? cluster.end(reason: "the run failed")
            throw error
        }
    }

    private func trainToTheEnd() throws -> String {
        var lost: ParameterServers.Lost?
        var isGathered = false
        while true {
            do {
                if let lost { try rollBack(after: lost) }
                if !isGathered {
                    try cluster.wait(forWorkers: gathering.minimumWorkers, servers: gathering.minimumServers)
                    isGathered = true
                }
                return try trainOn()
            } catch let another as ParameterServers.Lost {
                lost = another
            }
        }
    }

    private func trainOn() throws -> String {
        while true {
            if course.isScoringDue { try finishEpoch() }
            try writer.checkFinite()
            if course.isDone { break }
            if interruption.requested != nil { throw try interrupted() }
            if cluster.servers.isPlacementDue { try placeAnew() }
            try trainStep()
            if isCheckpointDue { try checkpoint() }
        }
        return try finish()
    }

    /// A part of the parameters is gone: takes the steps since the last checkpoint again, on the servers that are left.
    private func rollBack(after lost: ParameterServers.Lost) throws {
        let start = try newestStartingPoint()
        log.warning(
            "parameter server \(lost.name) \(lost.cause); going back from step \(course.step) to \(start.source.version)"
        )
        try begin { start }
    }

    // MARK: Steps

    private var isCheckpointDue: Bool {
        configuration.checkpointEvery.map { course.step.isMultiple(of: UInt64($0)) } ?? course.isAtEpochEnd
    }

    private func trainStep() throws {
        let next = course.next()
        let start = ContinuousClock.now
        let results = try cluster.train(
            step: course.step, shards: next.shards, next: next.following, epoch: next.epoch)
        course.take(next, results, in: start.duration(to: .now))
        hasTrained = true
        line.update(progressText(next))
    }

    /// Scores the validation part, writes the epoch's row and keeps the parameters if they are the best so far.
    private func finishEpoch() throws {
        let validated = try validate()
        guard let ledger = course.ledgerDigest else {
            throw RunFailure(
                .internalError, "the ledger does not have every sample exactly once at step \(course.step)")
        }
        let progress = course.progress
        let record = EpochRecord(
            epoch: course.trainedEpoch, step: Int(course.step), trainingLoss: progress.loss,
            trainingAccuracy: progress.accuracy, validationLoss: validated?.loss,
            validationAccuracy: validated?.scores.accuracy, validationAUC: validated?.scores.auc,
            samples: progress.samples, seconds: progress.seconds, ledgerDigest: ledger)
        if course.isBest(record) { try write(withVelocity: false, to: folder.path(.best)) }
        do {
            try history.append(record)
        } catch {
            log.error("history not written: \(error); training goes on")
        }
        report(record.events)
        course.finishEpoch()
        pruneCheckpoints()
        line.print(summary(of: record))
        printWorkers(onlyIfUneven: true)
        countOtherBits()
    }

    /// Scores the validation part with the parameters as they are: the loss of its windows, the scores of its
    /// recordings.
    private func validate() throws -> (loss: Double, scores: Scores)? {
        guard !validation.isEmpty else { return nil }
        validationProbabilities = try score(validation)
        let loss = ScoredRecordings.windowScores(
            dataset, samples: validation, probabilities: validationProbabilities
        ).loss
        return (
            loss,
            Scores(
                try validationPredictions(), classes: dataset.classes, positive: configuration.positiveClass)
        )
    }

    private func score(_ samples: [UInt32]) throws -> [Float] {
        let shards = EpochSchedule.shards(of: samples, size: configuration.shardSize)
        // A round holds its images in memory, so that of a large data set is cut.
        return try stride(from: 0, to: shards.count, by: 64).flatMap { first in
            // Rounds of scoring are counted from the other end, apart from the steps.
            scoringRounds += 1
            return try cluster.score(
                round: .max - scoringRounds, shards: Array(shards[first..<min(first + 64, shards.count)])
            ).flatMap { $0 }
        }
    }

    func validationPredictions() throws -> [Prediction] {
        try ScoredRecordings.predictions(dataset, samples: validation, probabilities: validationProbabilities)
    }

    /// Ends what a signal asked to end, with a checkpoint, and returns the failure that says so.
    private func interrupted() throws -> RunFailure {
        do {
            // A step that was completed behind our back is computed again after resuming.
            if cluster.version == course.step { try writeCheckpoint() }
        } catch let lost as ParameterServers.Lost {
            log.warning("parameter server \(lost.name) \(lost.cause); the last checkpoint is the newest there is")
        }
        try cluster.end(reason: "the run was interrupted", keepingRemoteWorkers: true)
        return RunFailure(
            .interrupted,
            "interrupted after step \(course.step); go on with hbn-coordinator --resume \(resumedBy ?? folder.url.path)\(gathering.options)\(cluster.trust.options)"
        )
    }

    // MARK: The end

    private func finish() throws -> String {
        let final = folder.path(.final)
        try writeNow(cluster.snapshot(withVelocity: false), to: final)
        // Resuming at the end leaves nothing to train, but the report needs the scores.
        if validationProbabilities.isEmpty && !validation.isEmpty { validationProbabilities = try score(validation) }
        if !test.isEmpty { testProbabilities = try score(test) }
        try cluster.end(reason: "the training is done", keepingRemoteWorkers: !isLast)
        writer.finish()
        let digest = try ParameterDigest.digest(of: SafetensorsFile(path: final))
        countOtherBits()
        try report(digest)
        if configuration.maximumSteps == Int(course.totalSteps) {
            line.print("ended after \(course.totalSteps) steps, as --max-steps says")
        }
        printWorkers(onlyIfUneven: false)
        line.print(peersText)
        line.print("parameters' digest: \(digest)")
        return folder.path(.report)
    }
}
