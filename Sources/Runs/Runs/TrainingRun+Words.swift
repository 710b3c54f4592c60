import Datasets
import Evaluation
import Foundation
import Programs
import Reports
import Training
import TrainingData

/// What a run tells people: while it trains, when it fails and when it is done.
extension TrainingRun {
    func progressText(_ last: RunCourse.Next) -> LiveText {
        let progress = course.progress
        let rate = progress.seconds > 0 ? Double(progress.samples) / progress.seconds : 0
        let secondsLeft = progress.seconds / Double(last.place + 1) * Double(course.totalSteps - course.step)
        return LiveText(
            .init("epoch \(last.epoch + 1)/\(configuration.epochs)"),
            .init("step \(last.place + 1)/\(course.schedule.stepsPerEpoch)"),
            .init("\(rate.text(decimals: 1)) samples/s", rank: 3),
            .init("loss \(progress.loss.text(decimals: 4))", rank: 1),
            .init("accuracy \(progress.accuracy.text(decimals: 3))", rank: 4),
            .init("\(cluster.roster.count) worker\(cluster.roster.count == 1 ? "" : "s")", rank: 5),
            .init("\(Duration.seconds(secondsLeft).spoken) left", rank: 2))
    }

    func summary(of record: EpochRecord) -> String {
        let text =
            "epoch \(record.epoch)/\(configuration.epochs)  \(Duration.seconds(record.seconds).spoken)  "
            + "\(record.samplesPerSecond.text(decimals: 1)) samples/s  loss \(record.trainingLoss.text(decimals: 4))  "
            + "accuracy \(record.trainingAccuracy.text(decimals: 3))"
        guard let loss = record.validationLoss else { return text }
        return text + "  |  validation loss \(loss.text(decimals: 4))  "
            + "accuracy \((record.validationAccuracy ?? .nan).text(decimals: 3))  AUC \((record.validationAUC ?? .nan).text(decimals: 3))"
    }

    /// Who is slow: the slowest first, by the time from being handed a shard to its result.
    var workerLines: [(name: String, text: String)] {
        let all = cluster.scheduler.statistics
        let shards = max(all.values.reduce(0) { $0 + $1.shards }, 1)
        return all.sorted { ($1.value.median ?? .zero, $0.key) < ($0.value.median ?? .zero, $1.key) }.map {
            name, worker in
            func seconds(_ time: Duration?) -> String { time.map { "\($0.seconds.text(decimals: 3)) s" } ?? "unknown" }
            let share = (100 * Double(worker.shards) / Double(shards)).text(decimals: 0)
            let text =
                "\(share) % of the shards, median \(seconds(worker.median)), 95 % within \(seconds(worker.p95))"
                + (worker.audits > 0 ? ", \(worker.audits) audits" : "")
                + (worker.late > 0 ? ", \(worker.late) given to others for being late" : "")
            return (name, text)
        }
    }

    /// One line about all workers, if there is anything to compare: one that takes half as long again as another.
    func printWorkers(onlyIfUneven: Bool) {
        let lines = workerLines
        let medians = cluster.scheduler.statistics.values.compactMap { $0.median }
        guard lines.count > 1, let most = medians.max(), let least = medians.min() else { return }
        if onlyIfUneven && most < least * 1.5 { return }
        let shown = lines.prefix(4).map { "\($0.name): \($0.text)" }.joined(separator: "; ")
        line.print("workers, the slowest first: \(shown)\(lines.count > 4 ? "; and \(lines.count - 4) more" : "")")
    }

    /// Did all that counted come from nodes that compute the same bits?
    var peersText: String {
        guard let otherBits = configuration.otherBits else { return "every shard came from bitwise peers" }
        let shards = otherBits.shards > 0 ? "\(otherBits.shards) came from workers" : nil
        let steps = otherBits.steps > 0 ? "\(otherBits.steps) steps were taken by parameter servers" : nil
        return
            "not every shard came from bitwise peers: \([shards, steps].compactMap(\.self).joined(separator: " and ")) "
            + "that compute other bits than the coordinator; another run may differ in the last bits"
    }

    func announce() {
        let training = dataset.recordings(of: split.training).count
        let held = dataset.recordings(of: split.validation).count
        line.print(
            "\(configuration.preset.rawValue): \(configuration.model.height)x\(configuration.model.width), "
                + "\(layout.count.grouped) parameters; training on \(training) recordings (\(course.schedule.samples.count) windows), "
                + "validation on \(held) others\(heldOutText); \(course.schedule.stepsPerEpoch) steps an epoch; into \(folder.url.path)"
        )
        line.print("split and counted \(dataset.unit)")
        line.print("looked for: \(configuration.questionText)")
        for note in dataset.notes(on: split) { log.warning("\(note)") }
        if course.step > 0 {
            line.print("resuming at step \(course.step)")
        } else if isResumed {
            line.print("there is no checkpoint yet: starting at step 0")
        }
    }

    private var heldOutText: String {
        guard !split.test.isEmpty else { return "" }
        return ", test on the \(dataset.recordings(of: split.test).count) of \(configuration.testText)"
    }

    /// Scores the recordings that were never trained on: the test part, or else the validation part.
    func report(_ digest: String) throws {
        var predictions = try validationPredictions()
        var threshold = DecisionThreshold(
            chosenOn: predictions, classes: dataset.classes, positive: configuration.positiveClass)
        var facts = configuration.facts(of: dataset)
        facts.append(.init("Parts", partsText))
        if !test.isEmpty {
            threshold = threshold?.outOfSample
            predictions = try ScoredRecordings.predictions(dataset, samples: test, probabilities: testProbabilities)
            facts.append(.init("Scored on", "\(configuration.testText), neither trained on nor validated with"))
        }
        let answers = ScoredRecordings.baselines(for: predictions, dataset, training: split.training)
        let metrics = try ClassificationMetrics(
            predictions, classes: dataset.classes, positive: configuration.positiveClass,
            unit: "\(dataset.unit)", answers: answers, threshold: threshold, seed: configuration.seed)
        let model = try TrainedModel(run: folder.url.path)
        let viewer = try ModelViewer(model, dataset)
        let mistakes = try viewer.worstMistakes(among: predictions)
        // Who looks at a finished run once more finds them there already.
        let isReported = folder.has(.report)
        if hasTrained || !isReported { reportViews(of: predictions, mistakes, by: viewer) }
        try RunReport(
            title: "HeartBeatNet training", facts: facts, cluster: clusterFacts(digest), predictions: predictions,
            metrics: metrics, history: history.records,
            mistakes: mistakes,
            skipped: dataset.skipped.map { .init(file: $0.path, reason: $0.reason) }, cautions: cautions
        ).write(to: folder.url)
        for caution in cautions { log.warning("\(caution)") }
        line.print("held out:")
        for row in metrics.summary { line.print(row) }
    }

    /// How many recordings each part has.
    private var partsText: String {
        let parts = [
            ("trained on", split.training), ("validate", split.validation), ("test", split.test),
            ("left out", split.leftOut),
        ]
        return parts.filter { !$0.1.isEmpty }.map { "\(dataset.recordings(of: $0.1).count) \($0.0)" }
            .joined(separator: ", ")
    }

    /// Why the scores of what was held out may flatter.
    private var cautions: [String] {
        var cautions = dataset.unit.cautions
        if configuration.initialParameters != nil {
            cautions.append("What the parameters that the run began with were trained on is not known.")
        }
        return cautions
    }

    private func clusterFacts(_ digest: String) -> [RunReport.Fact] {
        let audits = cluster.scheduler.statistics.values.reduce(0) { $0 + $1.audits }
        let facts: [RunReport.Fact] = [
            .init("Workers", cluster.everyone.sorted().joined(separator: ", ")),
            .init("Workers lost on the way", "\(cluster.lostWorkers)"),
            .init("Shards computed again", "\(cluster.repeatedShards)"),
            .init("Numerics", peersText),
            .init(
                "Audits",
                "\(audits) shards were computed once more to be "
                    + "compared; results of \(cluster.disagreements) shards differed"),
            .init("Time", began.duration(to: .now).spoken),
            .init("Throughput", "\((history.records.last?.samplesPerSecond ?? 0).text(decimals: 1)) samples/s"),
            .init("Parameters' digest", digest),
        ]
        return facts + workerLines.prefix(64).map { .init("Worker \($0.name)", $0.text) }
    }
}
