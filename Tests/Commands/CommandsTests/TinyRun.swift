import Foundation
import Kernels
import Testing

/// Options of runs that take a second or two.
///
/// 49 samples are trained on: an epoch has four steps, the last of a single shard with a single sample.
struct TinyRun: CustomTestStringConvertible {
    let testDescription: String
    let options: [String]

    private static let common = model + ["--data", "synthetic", "--recordings", "24"]
    static let model = [
        "--height", "32", "--width", "48", "--base-filters", "8",
        "--dense-layers", "2", "--dense-width", "16", "--shard-size", "4", "--shards-per-step", "4",
    ]

    static let stepsPerEpoch = 4
    static let longEpochs = 20
    /// With momentum, and long enough to be disturbed.
    static let long = TinyRun(testDescription: "long", options: common + ["--epochs", "\(longEpochs)"])
    static let brief = TinyRun(testDescription: "momentum", options: common + ["--epochs", "2"])
    static let rounded = TinyRun(
        testDescription: "gradients in bfloat16",
        options: common + ["--epochs", "2", "--gradient-precision", "bf16"])
    static let balanced = TinyRun(
        testDescription: "balanced classes, and decibels as channels",
        options: common + ["--epochs", "2", "--balance", "class", "--channels", "mel", "--band-pass", "25-400"])
    static let plain = TinyRun(
        testDescription: "plain SGD, ending in mid-epoch",
        options: common + ["--epochs", "2", "--momentum", "0", "--max-steps", "6"])

    /// What the run comes to with one worker and no disturbance.
    static let undisturbed = Result { try long.result() }

    func result() throws -> RunResult {
        try Workspace.use { workspace in
            try workspace.succeed("hbn-coordinator", options + ["--local", "1", "--output", workspace("run")])
            return try workspace.result(of: "run")
        }
    }
}

/// What must not depend on the workers.
struct RunResult: Equatable {
    /// As `hbn inspect --digest` gives it.
    let digest: String
    /// The rows of history.csv by column, without times.
    let history: [[String: String]]
}

extension Workspace {
    func result(of run: String) throws -> RunResult {
        RunResult(
            digest: try succeed("hbn", ["inspect", self(run), "--digest"]).trimmingCharacters(in: .newlines),
            history: try table("\(run)/history.csv").map { row in
                row.filter { !["seconds", "samples_per_second"].contains($0.key) }
            })
    }

    /// The rows of a CSV file without quotes, by column.
    func table(_ name: String) throws -> [[String: String]] {
        let rows = try text(of: name).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        return rows.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(rows[0], $0)) }
    }
}

extension Workspace {
    /// Starts a coordinator that waits for workers at a port that the system chose, and returns where.
    func listen(_ run: TinyRun, _ more: String...) throws -> (coordinator: RunningProgram, endpoint: String) {
        try listen(run, more)
    }

    func listen(_ run: TinyRun, _ more: [String]) throws -> (coordinator: RunningProgram, endpoint: String) {
        let coordinator = try start(
            "hbn-coordinator", run.options + ["--listen", "tcp://127.0.0.1:*", "--output", self("run")] + more)
        let line = try coordinator.line(with: "listening at ")
        let endpoint = try #require(line.firstMatch(of: #/listening at (tcp:\S+),/#)).1
        return (coordinator, String(endpoint))
    }

    func server(
        _ name: String, at endpoint: String, _ more: String..., on processor: Processor = .best
    ) throws -> RunningProgram {
        try start(
            "hbn-parameter-server", ["--connect", endpoint, "--name", name] + more,
            environment: [Processor.variable: processor.rawValue])
    }

    func worker(
        _ name: String, at endpoint: String, lanes: Int = 1, _ more: String..., on processor: Processor = .best
    ) throws -> RunningProgram {
        try start(
            "hbn-worker", ["--connect", endpoint, "--name", name, "--lanes", "\(lanes)"] + more,
            environment: [Processor.variable: processor.rawValue])
    }
}

extension RunningProgram {
    /// Waits until a coordinator has trained a step.
    func hasBegun() throws { try line(with: "  step ", on: .output) }

    /// Waits until a coordinator of the long run has begun an epoch, the first of which is 1.
    func hasReached(epoch: Int) throws { try line(with: "epoch \(epoch)/\(TinyRun.longEpochs)", on: .output) }
}
