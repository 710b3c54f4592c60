import Foundation
import Testing

private let program = RunningProgram.command
private let tiny = TinyRun.model + ["--data", "synthetic", "--recordings", "4", "--epochs", "1", "--local", "1"]

extension ClusterTests {
    /// Programs that may have less than they need.
    @Suite struct SystemLimitsTests {
        @Test(arguments: ["-n 16", "-n 32", "-n 63", "-n 128", "-n 255", "-f 100", "-v 900000"])
        func aLimitThatIsTooLowIsNamedBeforeTheFirstStep(limit: String) throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-coordinator", tiny + ["--output", workspace("run")], shell: "ulimit \(limit); \(program)")
                #expect(outcome.status == 74)
                expectOneError(outcome.errors, naming: ["ulimit \(limit.prefix(2))"])
                #expect(!FileManager.default.fileExists(atPath: workspace("run/history.csv")))
            }
        }

        @Test func aLimitThatMayBeRaisedIsRaised() throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-coordinator", tiny + ["--output", workspace("run")], shell: "ulimit -S -n 32; \(program)")
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
        }

        /// Kibibytes that a file may have, and what is then not there.
        @Test(arguments: [
            (8, "hbn synthesize --output @more --recordings 2", "more/normal"),
            (1, "hbn spectrogram @data --output @pictures --height 64 --width 64", "pictures/abnormal"),
            (2, "hbn evaluate --run @run --data @data --output @scores", "scores"),
            (100, "hbn export --run @run --format onnx --output @models/model.onnx", "models"),
        ])
        func aFileThatMayNotGrowIsNamedAndNotLeftHalf(limit: Int, command: String, folder: String) throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "4"])
                if command.contains("@run") {
                    try workspace.succeed("hbn-coordinator", tiny + ["--output", workspace("run")])
                }
                try FileManager.default.createDirectory(atPath: workspace("models"), withIntermediateDirectories: true)
                let words = command.components(separatedBy: " ").map { $0.replacing("@", with: workspace.path + "/") }
                let outcome = try workspace.run(
                    words[0], Array(words.dropFirst()), shell: "ulimit -f \(limit); \(program)")
                #expect(outcome.status == 74)
                expectOneError(outcome.errors.replacing(#/.*warning: .*\n/#, with: ""), naming: [workspace.path])
                let files = try FileManager.default.contentsOfDirectory(atPath: workspace(folder))
                // Others than the one that grew too large may be there, under their own names.
                let whole = [
                    "predictions.csv", "metrics.json", "classification_report.txt", "confusion_matrix.csv", "plots",
                    ".lock", ".heartbeatnet",
                ]
                #expect(files.allSatisfy(whole.contains), "\(files)")
            }
        }
    }
}
