import ArgumentParser
import ClusterRuntime

struct HBN: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hbn", abstract: "Heart sounds, their spectrograms, and the networks trained on them.",
        subcommands: [InspectCommand.self, GradientCommand.self])
}

Program.main(HBN.self)
