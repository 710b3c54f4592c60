import ArgumentParser

struct HBN: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hbn", abstract: "Heart sounds, their spectrograms, and the networks trained on them.",
        subcommands: [GradientCommand.self])
}

HBN.main()
