import ArgumentParser
import Datasets
import Foundation
import Logging
import Programs
import Runs

/// `hbn evaluate`: a trained model on a data set.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Score a data set with a run's model, and write metrics and a report.")

    @Option(name: .customLong("run"), help: "The run's folder.")
    var folder: String

    @Option(help: RunParameters.help)
    var parameters: RunParameters?

    @Option(
        help:
            "A table of recordings, a folder of class folders, or PhysioNet's, CirCor's or PASCAL's; or the word synthetic."
    )
    var data: String

    @Option(help: "The folder to write, new or empty.")
    var output: String

    @OptionGroup var labelling: LabellingOptions

    @Option(help: "Synthetic recordings to make.")
    var recordings = DataSource.defaultRecordings

    @Option(help: "The seed of synthetic recordings.")
    var seed: UInt64 = 2

    func run() throws {
        try reportingFailures {
            let model = try TrainedModel(run: folder, parameters)
            let report = try model.evaluate(
                on: DataSource(argument: data, recordings: recordings, seed: seed), labelling: labelling.labelling,
                output: output,
                lanes: ProcessInfo.processInfo.activeProcessorCount, log: Logger.ofProgram("evaluate"))
            print("report: \(report)")
        }
    }
}
