import ArgumentParser
import AttentionUNet
import Benchmarks
import Foundation
import Programs
import TensorCore
import Training

/// `hbn benchmark`: how fast this machine computes.
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measure this machine.",
        subcommands: [
            BenchmarkStepCommand.self, BenchmarkConvolutionsCommand.self, BenchmarkClusterCommand.self,
            BenchmarkWireCommand.self,
            SimulatedWorkersCommand.self,
        ])
}

/// Prints a measurement for programs.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// The sizes that a measurement is about.
struct BenchmarkedModel: ParsableArguments {
    @Option(help: "The images' height.")
    var height = 224

    @Option(help: "The images' width.")
    var width = 144

    @Option(help: "Filters of the first level.")
    var baseFilters = 64

    @Option(help: "Dense layers on top.")
    var denseLayers = 16

    @Option(help: "Units of each dense layer.")
    var denseWidth = 256

    func model() throws -> ModelSettings {
        var model = ModelSettings()
        (model.height, model.width, model.baseFilters) = (height, width, baseFilters)
        (model.denseLayers, model.denseWidth) = (denseLayers, denseWidth)
        if let complaint = model.complaint { throw RunFailure(.unusableArguments, complaint) }
        return model
    }
}

/// `hbn benchmark step`: whole training steps on synthetic images.
struct BenchmarkStepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Time training steps: forward, backward, reduction and SGD.")

    @OptionGroup var size: BenchmarkedModel

    @Option(help: "Samples of a step, split over the lanes.")
    var batch = 4

    @Option(help: "Computing threads (default: one a core).")
    var lanes: Int?

    @Option(help: "Steps timed, after two that are not.")
    var steps = 5

    @Option(help: "A file of `hbn benchmark convolutions --output`.")
    var convolutions: String?

    @Flag(help: "Lanes read the first dense kernel each for itself, as a worker's do, not all together.")
    var apart = false

    @Flag(help: "Time each pass of each layer, in the first lane.")
    var profile = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try reportingFailures {
            let model = try size.model()
            let lanes = lanes ?? ProcessInfo.processInfo.activeProcessorCount
            guard (1...4096).contains(batch), (1...256).contains(lanes), (1...10_000).contains(steps) else {
                throw RunFailure(
                    .unusableArguments, "batch must be 1 to 4096, lanes 1 to 256 and steps 1 to 10000")
            }
            let result = try StepBenchmark(
                model: model, batch: batch, lanes: lanes, steps: steps,
                convolutions: try convolutions.map { try ConvolutionChoices(readingFrom: $0, for: model) } ?? .init(),
                isApart: apart, isProfiled: profile
            ).run()
            if json { return try printJSON(result) }
            let ofPeak = String(format: "%.0f", 100 * result.modelGflops / result.gemmPeakGflops)
            print(
                """
                \(model.height)x\(model.width), \(model.baseFilters) base filters, batch \(batch), \(result.lanes) lanes
                step        \(String(format: "%.3f", result.stepSeconds)) s (median of \(steps))
                samples     \(String(format: "%.2f", result.samplesPerSecond)) a second
                model       \(String(format: "%.0f", result.modelGflops)) GFLOP/s (Winograd needs fewer operations than are counted)
                GEMM peak   \(String(format: "%.0f", result.gemmPeakGflops)) GFLOP/s, of which the model has \(ofPeak) %
                memory      \(gigabytes(result.peakMemoryBytes)) at most, \(gigabytes(result.plannedMemoryBytes)) planned
                """)
            if let rows = result.profile { printTable(rows, of: result.stepSeconds) }
        }
    }

    private func gigabytes(_ bytes: Int) -> String { String(format: "%.2f GB", Double(bytes) / 1e9) }

    /// A line for each pass of each layer; operations a second where they limit it, else bytes a second.
    private func printTable(_ rows: [StepProfile.Row], of step: Double) {
        let width = rows.map(\.layer.count).max() ?? 0
        func line(_ layer: String, _ pass: String, _ time: String, _ rate: String, _ share: String) {
            let cells = [
                layer.padding(toLength: width, withPad: " ", startingAt: 0),
                pass.padding(toLength: 16, withPad: " ", startingAt: 0),
            ]
            let numbers = [(time, 9), (rate, 12), (share, 7)].map { text, width in
                String(repeating: " ", count: max(width - text.count, 0)) + text
            }
            print((cells + numbers).joined(separator: "  "))
        }
        print()
        line("layer", "pass", "ms", "rate", "share")
        for row in rows {
            let rate =
                row.operations > 0
                ? String(format: "%.0f GFLOP/s", Double(row.operations) / row.seconds / 1e9)
                : String(format: "%.1f GB/s", Double(row.bytes) / row.seconds / 1e9)
            line(
                row.layer, row.pass, String(format: "%.2f", row.seconds * 1e3), rate,
                String(format: "%.1f %%", 100 * row.seconds / step))
        }
        let named = rows.reduce(0) { $0 + $1.seconds }
        line(
            "all", "the rest", String(format: "%.2f", (step - named) * 1e3), "",
            String(format: "%.1f %%", 100 * (step - named) / step))
    }
}
