import ArgumentParser
import Programs

struct HBN: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hbn", abstract: "Heart sounds, their spectrograms, and the networks trained on them.",
        version: Program.version,
        subcommands: [
            SynthesizeCommand.self, SpectrogramCommand.self, DatasetCommand.self, EvaluateCommand.self,
            PredictCommand.self, InspectCommand.self, ExportCommand.self, GradientCommand.self, BenchmarkCommand.self,
            KeygenCommand.self,
        ])
}

Program.main(HBN.self)
