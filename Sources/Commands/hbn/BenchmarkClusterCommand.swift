import ArgumentParser
import AttentionUNet
import Benchmarks
import Foundation
import Programs

/// `hbn benchmark cluster`: what the machinery of a cluster costs.
struct BenchmarkClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Time a cluster on this machine against processes that do not communicate.",
        discussion: """
            By turns: --workers local workers of one lane on one step, and as many `hbn benchmark step` at the same \
            time, each with its share of the batch. With --simulated, what a coordinator spends for each shard when its \
            workers only send a recorded gradient, and how many shards a second go through it and the parameter servers.
            """)

    @OptionGroup var size: BenchmarkedModel

    @Option(help: "Local workers of one lane each.")
    var workers = 2

    @Option(help: "Samples of a shard.")
    var shardSize = 4

    @Option(help: "Shards of a step (default: one for each worker).")
    var shardsPerStep: Int?

    @Option(help: "Steps timed in each turn, after two that are not.")
    var steps = 10

    @Option(help: "Turns of each.")
    var rounds = 3

    @Option(help: "Simulate so many workers instead.")
    var simulated: Int?

    @Option(help: "Lanes of a simulated worker, whose gradients it sends as one sum where it can.")
    var lanes = 1

    @Option(help: "With --simulated: parameter servers beside the coordinator's own.")
    var furtherServers = 0

    @Option(
        help: "Train over TCP once, and write what all threads did in the last two steps to this file, for Perfetto.")
    var timeline: String?

    @Flag(help: "Print JSON.")
    var json = false

    private struct Comparison: Codable {
        let clusterSamplesPerSecond: Double
        let independentSamplesPerSecond: Double
        /// In each round.
        let ratios: [Double]
        let ratio: Double

        enum CodingKeys: String, CodingKey {
            case ratio, ratios
            case clusterSamplesPerSecond = "samples_per_second"
            case independentSamplesPerSecond = "independent_samples_per_second"
        }
    }

    func run() throws {
        try reportingFailures {
            let model = try size.model()
            guard (1...256).contains(workers), (1...4096).contains(shardSize), (1...1_000_000).contains(steps),
                (1...4096).contains(shardsPerStep ?? 1), (1...1000).contains(rounds),
                (1...4096).contains(simulated ?? 1), (1...256).contains(lanes), (0...16).contains(furtherServers)
            else {
                throw RunFailure(
                    .unusableArguments,
                    "workers and lanes must be 1 to 256, shard size, shards per step and simulated 1 to 4096, steps 1 to "
                        + "1000000, rounds 1 to 1000, further servers 0 to 16")
            }
            guard simulated != nil || lanes == 1 && furtherServers == 0 else {
                throw RunFailure(.unusableArguments, "--lanes and --further-servers go with --simulated")
            }
            let benchmark = ClusterBenchmark(
                model: model, shardSize: shardSize,
                shardsPerStep: shardsPerStep ?? simulated.map { $0 * lanes } ?? workers, steps: steps)
            if let timeline { return try write(timeline, benchmark) }
            if let simulated { return try report(simulate(simulated, benchmark)) }
            guard (benchmark.shardsPerStep * shardSize).isMultiple(of: workers) else {
                throw RunFailure(.unusableArguments, "the batch must be a multiple of the workers, to be shared evenly")
            }
            try report(compare(benchmark))
        }
    }

    private func simulate(_ count: Int, _ benchmark: ClusterBenchmark) throws -> ClusterBenchmark.Spending {
        try benchmark.run(simulatedWorkers: count, furtherServers: furtherServers) { endpoint in
            let servers = try (0..<furtherServers).map { number in
                let process = Process()
                process.executableURL = try Program.find("hbn-parameter-server")
                process.arguments = ["--connect", endpoint, "--name", "server-\(number + 1)"]
                process.environment = ProcessInfo.processInfo.environment.merging(["HBN_LOG": "warning"]) { $1 }
                try process.run()
                return process
            }
            let workers = try launch([
                "benchmark", "simulated-workers", "--connect", endpoint, "--count", "\(count)", "--lanes", "\(lanes)",
            ]).process
            return [workers] + servers
        }
    }

    private func write(_ path: String, _ benchmark: ClusterBenchmark) throws {
        let seconds = try benchmark.writeTimeline(to: path, workers: workers) { endpoint in
            try (1...workers).map { number in
                let process = Process()
                process.executableURL = try Program.find("hbn-worker")
                process.arguments = ["--connect", endpoint, "--lanes", "1", "--name", "worker-\(number)"]
                try process.run()
                return process
            }
        }
        print(
            "\(path): a step of \(String(format: "%.3f", seconds)) s; open it with ui.perfetto.dev or chrome://tracing")
    }

    private func report(_ spending: ClusterBenchmark.Spending) throws {
        if json { return try printJSON(spending) }
        print(
            """
            \(spending.workers) simulated workers, \(spending.shards) shards, \(String(format: "%.0f", spending.shardsPerSecond)) a second
            coordinator  \(String(format: "%.0f", spending.coordinatorMicroseconds)) microseconds of processor time a shard
            process      \(String(format: "%.0f", spending.processMicroseconds)) microseconds, with parameter server and network
            memory       \(spending.earlyMemoryBytes >> 20) MiB after a tenth of the steps, \(spending.lateMemoryBytes >> 20) MiB at the end
            """)
    }

    private func compare(_ benchmark: ClusterBenchmark) throws -> Comparison {
        var rates: [(cluster: Double, independent: Double)] = []
        for _ in 0..<rounds {
            rates.append((try benchmark.run(localWorkers: workers), try independentRate(benchmark)))
        }
        let ratios = rates.map { $0.cluster / $0.independent }
        return Comparison(
            clusterSamplesPerSecond: rates.map(\.cluster).median,
            independentSamplesPerSecond: rates.map(\.independent).median, ratios: ratios, ratio: ratios.median)
    }

    private func report(_ result: Comparison) throws {
        if json { return try printJSON(result) }
        let ratios = result.ratios.map { String(format: "%.3f", $0) }.joined(separator: " ")
        print(
            """
            \(workers) local workers of one lane, \(shardsPerStep ?? workers) shards of \(shardSize) a step
            cluster      \(String(format: "%.2f", result.clusterSamplesPerSecond)) samples a second
            independent  \(String(format: "%.2f", result.independentSamplesPerSecond)) samples a second
            ratio        \(String(format: "%.3f", result.ratio)) (\(ratios))
            """)
    }

    /// Samples a second of processes that do not communicate, together.
    private func independentRate(_ benchmark: ClusterBenchmark) throws -> Double {
        let batch = benchmark.shardsPerStep * shardSize / workers
        let children = try (0..<workers).map { _ in
            try launch([
                "benchmark", "step", "--lanes", "1", "--batch", "\(batch)", "--steps", "\(steps)", "--json",
                "--height", "\(size.height)", "--width", "\(size.width)", "--base-filters", "\(size.baseFilters)",
                "--dense-layers", "\(size.denseLayers)", "--dense-width", "\(size.denseWidth)",
            ])
        }
        return try children.reduce(0) { sum, child in
            let data = child.output.readDataToEndOfFile()
            child.process.waitUntilExit()
            guard let result = try? JSONDecoder().decode(StepBenchmark.Result.self, from: data) else {
                throw RunFailure(.internalError, "hbn benchmark step ended with \(child.process.terminationStatus)")
            }
            return sum + result.samplesPerSecond
        }
    }

    /// Starts this program once more.
    private func launch(_ arguments: [String]) throws -> (process: Process, output: FileHandle) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        return (process, pipe.fileHandleForReading)
    }
}

/// The child of `--simulated`.
struct SimulatedWorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulated-workers", abstract: "Send recorded gradients.", shouldDisplay: false)

    @Option var connect: String
    @Option var count: Int
    @Option var lanes = 1

    func run() throws {
        try reportingFailures { try SimulatedWorkers(count: count, lanes: lanes, endpoint: connect).work() }
    }
}
