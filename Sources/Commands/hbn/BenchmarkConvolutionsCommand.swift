import ArgumentParser
import Foundation
import Programs
import TensorCore
import Training

/// `hbn benchmark convolutions`: which algorithm computes each pass of each convolution fastest on this machine.
struct BenchmarkConvolutionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convolutions", abstract: "Time the algorithms for each convolution, and keep the choice.",
        discussion: """
            One thread computes whole steps with each algorithm by turns; the times are those of all layers of a shape. \
            A run given the file with --convolutions computes with its choices, wherever its workers are. Without one, a \
            rule of shapes decides, so that two runs of one command never differ.
            """)

    @OptionGroup var size: BenchmarkedModel

    @Option(help: "Samples of a shard.")
    var shardSize = 2

    @Option(help: "Steps timed, after one that is not.")
    var steps = 3

    @Option(help: "Where to write the choices; the file must not exist.")
    var output: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try reportingFailures {
            let model = try size.model()
            guard (1...4096).contains(shardSize), (1...10_000).contains(steps) else {
                throw RunFailure(.unusableArguments, "the shard size must be 1 to 4096 and steps 1 to 10000")
            }
            if let output, FileManager.default.fileExists(atPath: output) {
                throw RunFailure(.unusableArguments, "\(output) exists; remove it or choose another name")
            }
            let timing = try ConvolutionTiming(model: model, samples: shardSize, steps: steps)
            if let output { try timing.choices.write(to: output) }
            if json { return try printJSON(timing.rows) }
            if timing.rows.isEmpty {
                return print("This processor computes the model's convolutions by one algorithm: there is no choice.")
            }
            let width = timing.rows.map(\.key.count).max() ?? 0
            for row in timing.rows {
                let times = ConvolutionAlgorithm.allCases.compactMap { algorithm in
                    row.seconds[algorithm].map { "\(algorithm.rawValue) \(String(format: "%.2f", 1e3 * $0)) ms" }
                }
                print(
                    row.key.padding(toLength: width, withPad: " ", startingAt: 0), times.joined(separator: ", "),
                    "->", row.chosen.rawValue)
            }
            if let output { print("written to \(output)") }
        }
    }
}
