import ArgumentParser
import AttentionUNet
import ClusterRuntime
import Foundation
import Training

/// `hbn benchmark`: how fast this machine computes.
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measure this machine.", subcommands: [BenchmarkStepCommand.self])
}

/// `hbn benchmark step`: whole training steps on synthetic images.
struct BenchmarkStepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Time training steps: forward, backward, reduction and SGD.")

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

    @Option(help: "Samples of a step, split over the lanes.")
    var batch = 4

    @Option(help: "Computing threads (default: one a core).")
    var lanes: Int?

    @Option(help: "Steps timed, after two that are not.")
    var steps = 5

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try reportingFailures {
            var model = ModelSettings()
            (model.height, model.width, model.baseFilters) = (height, width, baseFilters)
            (model.denseLayers, model.denseWidth) = (denseLayers, denseWidth)
            if let complaint = model.complaint { throw RunFailure(.unusableArguments, complaint) }
            let lanes = lanes ?? ProcessInfo.processInfo.activeProcessorCount
            guard (1...4096).contains(batch), (1...256).contains(lanes), (1...10_000).contains(steps) else {
                throw RunFailure(
                    .unusableArguments, "batch must be 1 to 4096, lanes 1 to 256 and steps 1 to 10000")
            }
            let result = try StepBenchmark(model: model, batch: batch, lanes: lanes, steps: steps).run()
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys]
                return print(String(decoding: try encoder.encode(result), as: UTF8.self))
            }
            print(
                """
                \(height)x\(width), \(baseFilters) base filters, batch \(batch), \(result.lanes) lanes
                step        \(String(format: "%.3f", result.stepSeconds)) s (median of \(steps))
                samples     \(String(format: "%.2f", result.samplesPerSecond)) a second
                model       \(String(format: "%.0f", result.modelGflops)) GFLOP/s
                GEMM peak   \(String(format: "%.0f", result.gemmPeakGflops)) GFLOP/s (Winograd needs fewer operations than the model counts)
                memory      \(String(format: "%.2f", Double(result.peakMemoryBytes) / 1e9)) GB at most
                """)
        }
    }
}
