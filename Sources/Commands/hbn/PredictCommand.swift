import ArgumentParser
import Evaluation
import Failures
import Foundation
import Logging
import Programs
import Runs

/// `hbn predict`: what a trained model says of single recordings.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Print the probability of each class for recordings, as CSV.",
        discussion: """
            Where the classes pose one question (normal or not), the run has chosen a threshold on its validation part: from \
            it on a recording is called positive, as in hbn evaluate. Else the most probable class is named. stderr says which.
            """)

    @Option(name: .customLong("run"), help: "The run's folder.")
    var folder: String

    @Option(help: RunParameters.help)
    var parameters: RunParameters?

    @Option(help: "Call positive from this probability on, 0 to 1 (default: the run's own threshold).")
    var threshold: Double?

    @Argument(help: "Sound files, or images as the model was trained on.")
    var files: [String]

    func run() throws {
        try reportingFailures {
            if let threshold, !(0...1).contains(threshold) {
                throw RunFailure(.unusableArguments, "--threshold must be 0 to 1, not \(threshold)")
            }
            let model = try TrainedModel(run: folder, parameters)
            let classes = model.configuration.classes
            let log = Logger.ofProgram("predict")
            let rule = try rule(of: model)
            log.info("predicted: \(words(for: rule, model))")
            if parameters != nil { log.info("parameters: \(model.path)") }
            print((["file", "predicted"] + classes.map { "p_\($0)" }).map(quoted).joined(separator: ","))
            var failures = 0
            for file in files {
                do {
                    let row = try model.probabilities(
                        ofFileAt: file, lanes: ProcessInfo.processInfo.activeProcessorCount)
                    let predicted = rule.label(of: row).map { classes[$0] } ?? ""
                    let numbers = row.map { String(format: "%.6f", $0) }
                    print(([quoted(file), quoted(predicted)] + numbers).joined(separator: ","))
                } catch let failure as RunFailure {
                    throw failure  // It is the model's, not the file's.
                } catch {
                    failures += 1
                    StandardStreams.printError("error: \(error)\n")
                }
            }
            if failures > 0 { throw ExitCode(ExitStatus.badData.rawValue) }
        }
    }

    /// How the column `predicted` comes about.
    private func rule(of model: TrainedModel) throws -> DecisionRule {
        let classes = model.configuration.classes
        let positive = model.configuration.positiveClass
        if threshold != nil && Contrast.only(between: classes, positive: positive) == nil {
            throw RunFailure(
                .unusableArguments, "--threshold: the classes \(classes) pose several questions; leave it out")
        }
        return DecisionRule(
            classes: classes, positive: positive, threshold: try threshold ?? model.storedThreshold())
    }

    private func words(for rule: DecisionRule, _ model: TrainedModel) -> String {
        if let contrast = rule.contrast, let value = rule.threshold {
            let start = "\"\(contrast.name)\" from \(String(format: "%.6g", value)) on, "
            return start
                + (threshold == nil
                    ? "the threshold chosen on the run's validation part; --threshold sets another"
                    : "as --threshold says")
        }
        let why =
            Contrast.only(between: model.configuration.classes, positive: model.configuration.positiveClass) == nil
            ? "the classes pose several questions"
            : parameters == nil || parameters == .final
                ? "the run has chosen no threshold (yet)" : "the run's threshold is that of its final parameters"
        return "the most probable class: \(why)"
    }

    private func quoted(_ cell: String) -> String {
        cell.contains { ",\"\n\r".contains($0) } ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
    }
}
