import ArgumentParser
import ClusterRuntime
import Foundation

/// `hbn predict`: what a trained model says of single recordings.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Print the probability of each class for recordings, as CSV.")

    @Option(name: .customLong("run"), help: "The run's folder.")
    var folder: String

    @Argument(help: "Sound files, or images as the model was trained on.")
    var files: [String]

    func run() throws {
        try reportingFailures {
            let model = try TrainedModel(run: folder)
            let classes = model.configuration.classes
            print((["file", "predicted"] + classes.map { "p_\($0)" }).map(quoted).joined(separator: ","))
            var failures = 0
            for file in files {
                do {
                    let row = try model.probabilities(
                        ofFileAt: file, lanes: ProcessInfo.processInfo.activeProcessorCount)
                    let predicted = classes[row.indices.max { row[$0] < row[$1] }!]
                    let numbers = row.map { String(format: "%.6f", $0) }
                    print(([quoted(file), quoted(predicted)] + numbers).joined(separator: ","))
                } catch {
                    failures += 1
                    Wire.sayOnStandardError("error: \(error)\n")
                }
            }
            if failures > 0 { throw ExitCode(ExitStatus.badData.rawValue) }
        }
    }

    private func quoted(_ cell: String) -> String {
        cell.contains { ",\"\n\r".contains($0) } ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
    }
}
