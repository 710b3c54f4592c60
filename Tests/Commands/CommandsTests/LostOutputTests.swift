import Foundation
import Testing

private let program = RunningProgram.command

/// Commands that print, by what they need: a file `a.safetensors`, four sounds in `data`.
private let commands = [
    "hbn --help", "hbn --version", "hbn inspect @a.safetensors", "hbn inspect @a.safetensors --digest",
    "hbn dataset check @data", "hbn dataset check @data --json", "hbn keygen @key",
    "hbn synthesize --output @more --recordings 2",
    "hbn spectrogram @data --output @pictures --height 32 --width 32",
    "hbn benchmark step --height 32 --width 32 --base-filters 8 --dense-layers 1 --batch 2 --steps 1 --json",
    "hbn-coordinator --describe", "hbn-worker --help",
]

extension ClusterTests {
    /// Programs whose output cannot be written.
    @Suite struct LostOutputTests {
        @Test(arguments: commands) func outputThatIsLostIsNoSuccess(command: String) throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "4"])
                try workspace.write(
                    [56, 0, 0, 0, 0, 0, 0, 0] + Array(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  "#.utf8)
                        + [0, 0, 0, 0], to: "a.safetensors")
                let words = command.components(separatedBy: " ").map { $0.replacing("@", with: workspace.path + "/") }
                for (redirection, reason) in [(">/dev/full", "No space left"), (">&-", "closed")] {
                    for name in ["key", "more", "pictures"] {
                        try? FileManager.default.removeItem(atPath: workspace(name))
                    }
                    let outcome = try workspace.run(
                        words[0], Array(words.dropFirst()), shell: "\(program) \(redirection)")
                    #expect(outcome.status == 74, "\(redirection)")
                    expectOneError(outcome.errors, naming: ["standard output", reason])
                }
            }
        }

        @Test func whoReadsNoFurtherIsToldNothing() throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn", ["--help"],
                    shell:
                        "mkfifo \(workspace("p")); exec 3<>\(workspace("p")) 4>\(workspace("p")) 3>&-; \(program) >&4")
                #expect(outcome.status == 74)
                #expect(outcome.errors.isEmpty)
            }
        }

        @Test(arguments: ["", ">&-", "<&-", ">&- 2>&- <&-", ">/dev/full 2>/dev/full"])
        func aRunTrainsToTheSameResultWhoeverReads(redirection: String) throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-coordinator", TinyRun.brief.options + ["--local", "1", "--output", workspace("run")],
                    shell: "\(program) \(redirection)")
                #expect(outcome.status == (redirection.contains(">") ? 74 : 0))
                #expect(try workspace.result(of: "run") == TinyRun.brief.result())
                // Nothing is printed into a file that got a closed stream's number.
                #expect(try workspace.text(of: "run/.lock").isEmpty)
                for name in ["config.json", "metrics.json"] {
                    _ = try JSONSerialization.jsonObject(with: Data(workspace.text(of: "run/\(name)").utf8))
                }
            }
        }

        @Test func aRunThatIsInterruptedSaysSoThoughItsOutputIsLost() throws {
            try Workspace.use { workspace in
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.long.options + ["--local", "1", "--output", workspace("run")],
                    shell: "exec \(program) >/dev/full")
                for _ in 0..<3000 where (try? workspace.checkpoints.isEmpty) != false { usleep(10_000) }
                coordinator.signal(SIGTERM)
                #expect(try coordinator.outcome().status == 75)
            }
        }
    }
}
