import Coordination
import Datasets
import Evaluation
import Files
import Foundation
import Logging
import Programs
import Reports
import Training
import TrainingData

/// How recordings are divided so that each is in a test part once.
public enum FoldScheme: Hashable, Sendable {
    /// So many parts of one size.
    case count(Int)
    /// A part for each site.
    case site
}

/// A training for each part of the data, on all that is not in it; and one report about all recordings, each scored by
/// the model that never saw it.
public final class CrossValidation {
    private let plan: Plan
    private let folder: OutputFolder
    private let dataset: Dataset
    private let gathering: Gathering
    private let trust: TrustSettings
    private let log: Logger
    private let interruption: Interruption
    private let began = ContinuousClock.now
    private let line = ProgressLine()

    /// What stands in folds.json.
    private struct Plan: Codable {
        let configuration: RunConfiguration
        let parts: [HeldOut]
    }

    /// Is this the folder of a cross-validation?
    public static func isIn(_ folder: String) -> Bool {
        RunFolder(folder).has(.folds)
    }

    /// Starts a new one in `output`.
    public init(
        _ configuration: RunConfiguration, _ scheme: FoldScheme, output: String?, gathering: Gathering,
        trust: TrustSettings, log: Logger
    ) throws {
        (self.gathering, self.trust, self.log) = (gathering, trust, log)
        interruption = try TrainingRun.makeInterruption(log)
        try gathering.checkLimits()
        let path = output ?? OutputFolder.nextFree()
        folder = try OutputFolder(
            new: path, remedy: "go on with it by --resume \(path), or choose another folder", log: log)
        dataset = try TrainingRun.read(configuration.selection, configuration.dataset, log: log)
        guard dataset.recordings.allSatisfy({ $0.part != .test }) else {
            throw RunFailure(
                .unusableArguments,
                "--folds makes parts of its own, and the data has a test part; leave out --folds, or give data without it"
            )
        }
        let parts: [HeldOut] =
            switch scheme {
            case .count(let count): (1...count).map { .fold($0, of: count) }
            case .site: dataset.groups.map { .group($0) }
            }
        guard parts.count > 1 else {
            throw RunFailure(
                .unusableArguments,
                "--folds site: the data has \(parts.count == 1 ? "one site" : "no sites"); use a number of folds")
        }
        guard Set(parts.map(Self.name)).count == parts.count else {
            throw RunFailure(
                .badData, "\(configuration.data): the names of its sites are too alike for folders; rename them")
        }
        // What cannot be divided is found before anything is trained.
        for part in parts {
            guard try dataset.hasEveryClass(without: part, seed: configuration.seed) else {
                throw RunFailure(
                    .badData, "--folds: without \(part) a class has no recordings to train on; take other parts")
            }
        }
        var configuration = configuration
        try configuration.adopt(dataset)
        plan = Plan(configuration: configuration, parts: parts)
        try folder.write(JSONEncoder().encode(plan), to: .folds)
    }

    /// What all models of the one in a folder have in common.
    public static func configuration(in folder: String) throws -> RunConfiguration {
        try plan(ofFile: RunFolder(folder).path(.folds)).configuration
    }

    private static func plan(ofFile file: String) throws -> Plan {
        let plan: Plan
        do {
            plan = try Plan.decodeWhole(Data(RegularFile.contents(of: file, atMost: 1 << 28))) {
                Set($0.configuration.formerKeys.map { ["configuration"] + $0 })
            }
        } catch let unknown as UnknownKey {
            throw RunFailure(.badData, "\(file): \(unknown)")
        } catch {
            throw RunFailure(.badData, "\(file): cannot be read; restore it, or start anew")
        }
        if let complaint = plan.configuration.complaint {
            throw RunFailure(.badData, "\(file): \(complaint); restore it, or start anew")
        }
        return plan
    }

    /// Goes on with the one in a folder.
    public init(resuming path: String, gathering: Gathering, trust: TrustSettings, log: Logger) throws {
        (self.gathering, self.trust, self.log) = (gathering, trust, log)
        interruption = try TrainingRun.makeInterruption(log)
        folder = try OutputFolder(existing: path, log: log)
        plan = try Self.plan(ofFile: folder.path(.folds))
        try plan.configuration.checkNumerics(ofRun: path, otherwise: "start anew")
        dataset = try TrainingRun.read(
            plan.configuration.selection, plan.configuration.dataset, log: log)
        try plan.configuration.check(isStill: dataset)
    }

    /// Trains what is not trained yet, and returns the report's path.
    public func run() throws -> String {
        var scores = Scores()
        for (index, part) in plan.parts.enumerated() {
            if !isTrained(part) {
                line.print("\(part): \(index + 1) of \(plan.parts.count)")
                try train(without: part, isLast: plan.parts[(index + 1)...].allSatisfy(isTrained))
            }
            if interruption.requested != nil {
                throw RunFailure(
                    .interrupted,
                    "interrupted after \(part); go on with hbn-coordinator --resume \(folder.url.path)\(gathering.options)\(trust.options)"
                )
            }
            scores += try self.scores(of: part, mistakesFrom: scores.leastMistake)
        }
        return try report(scores)
    }

    private func isTrained(_ part: HeldOut) -> Bool {
        RunFolder(path(of: part)).has(.report)
    }

    private func train(without part: HeldOut, isLast: Bool) throws {
        let path = path(of: part)
        let isBegun = RunFolder(path).has(.configuration)
        var configuration = try isBegun ? RunConfiguration(ofRun: path) : plan.configuration
        configuration.heldOut = part
        let run = try TrainingRun(
            configuration, output: path, resuming: isBegun ? path : nil, gathering: gathering, trust: trust,
            interruption: interruption, resumedBy: folder.url.path, isLast: isLast, log: log)
        _ = try run.train()
    }

    private func model(without part: HeldOut) throws -> TrainedModel {
        let path = path(of: part)
        let model = try TrainedModel(run: path)
        guard model.configuration.heldOut == part, model.configuration.dataDigest == dataset.digest else {
            throw RunFailure(.badData, "\(path): is not the run without \(part) of these recordings; remove it")
        }
        return model
    }

    /// What models say about recordings that they never saw.
    private struct Scores {
        var parts: [RunReport.Part] = []
        var predictions: [Prediction] = []
        var answers = BaselineAnswers()
        /// The worst first.
        var mistakes: [RunReport.Mistake] = []

        /// How probable a mistake must be to be among the worst.
        var leastMistake: Double { mistakes.count < RunReport.mistakesShown ? 0 : mistakes.last!.probability }

        static func += (scores: inout Scores, others: Scores) {
            scores.parts += others.parts
            scores.predictions += others.predictions
            scores.answers += others.answers
            let mistakes = (scores.mistakes + others.mistakes)
                .sorted { ($1.probability, $0.file) < ($0.probability, $1.file) }
            scores.mistakes = Array(mistakes.prefix(RunReport.mistakesShown))
        }
    }

    /// The recordings of a part, by the model that was trained without it.
    private func scores(of part: HeldOut, mistakesFrom least: Double) throws -> Scores {
        let model = try model(without: part)
        let split = try dataset.split(
            validationFraction: model.configuration.validationFraction, heldOut: part, seed: model.configuration.seed)
        let predictions = try model.predictions(
            for: dataset, samples: split.test.map(UInt32.init), lanes: ProcessInfo.processInfo.activeProcessorCount)
        let metrics = try ClassificationMetrics(
            predictions, classes: dataset.classes, positive: plan.configuration.positiveClass, unit: "\(dataset.unit)",
            threshold: model.storedThreshold().map { DecisionThreshold($0, isInSample: false) },
            seed: plan.configuration.seed)
        return Scores(
            parts: [.init(name: "\(part)", assessment: metrics.overall)], predictions: predictions,
            answers: ScoredRecordings.baselines(for: predictions, dataset, training: split.training),
            mistakes: try ModelViewer(model, dataset).worstMistakes(among: predictions, atLeast: least))
    }

    private func report(_ scores: Scores) throws -> String {
        let configuration = plan.configuration
        let metrics = try ClassificationMetrics(
            scores.predictions, classes: dataset.classes, positive: configuration.positiveClass,
            unit: "\(dataset.unit)", answers: scores.answers, seed: configuration.seed)
        var facts = configuration.facts(of: dataset)
        facts.append(
            .init(
                "Scored on",
                "\(scores.predictions.count) recordings, each by the one of \(scores.parts.count) models that never saw it"
            ))
        let untested = dataset.recordings.count - scores.predictions.count
        if untested > 0 { facts.append(.init("In no part", "\(untested) recordings whose site is not known")) }
        facts.append(.init("Time", began.duration(to: .now).spoken))
        try RunReport(
            title: "HeartBeatNet cross-validation", facts: facts, predictions: scores.predictions, metrics: metrics,
            parts: scores.parts, mistakes: scores.mistakes,
            skipped: dataset.skipped.map { .init(file: $0.path, reason: $0.reason) },
            cautions: dataset.unit.cautions
        ).write(to: folder.url)
        try folder.write(
            Data(UsedRecordings.text(of: dataset, scored: Array(dataset.samples.indices)).utf8),
            to: .recordings)
        for part in scores.parts { line.print("\(part.name): \(Self.text(part.assessment))") }
        line.print("\(scores.predictions.count) recordings, each scored by a model that never saw it:")
        for row in metrics.summary { line.print(row) }
        return folder.path(.report)
    }

    private static func text(_ part: Assessment) -> String {
        "\(part.count) recordings, AUC \(part.auc.text(decimals: 3)), MAcc \(part.macc.text(decimals: 3)), "
            + "at the threshold chosen on validation \((part.atThreshold?.macc).text(decimals: 3))"
    }

    /// The folder of the run without a part.
    private func path(of part: HeldOut) -> String { folder.url.appending(path: Self.name(of: part)).path }

    private static func name(of part: HeldOut) -> String {
        switch part {
        case .fold(let number, _): "fold-\(number)"
        case .group(let name): "site-" + name.replacing("/", with: "_")
        }
    }
}
