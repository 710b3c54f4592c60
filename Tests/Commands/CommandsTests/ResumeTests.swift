import Foundation
import Testing
import Training
import TrainingData

extension ClusterTests {
    @Suite struct ResumeTests {
        @Test func aRunDoesNotGoOnWithOtherRecordings() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "8"])
                let options =
                    TinyRun.model + ["--data", workspace("data"), "--epochs", "1", "--output", workspace("run")]
                try workspace.succeed("hbn-coordinator", options + ["--local", "1"])
                let folder = workspace("data/normal")
                let name = try #require(FileManager.default.contentsOfDirectory(atPath: folder).first)
                try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
                let outcome = try workspace.run("hbn-coordinator", ["--resume", workspace("run"), "--local", "1"])
                #expect(outcome.status == 65)
                expectOneError(outcome.errors, naming: [workspace("data"), "recordings"])
            }
        }

        @Test func aRunDoesNotGoOnWithOtherPictures() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn-coordinator", TinyRun.brief.options + ["--output", workspace("run")])
                let written = try workspace.text(of: "run/config.json")
                let digest = try #require(written.firstMatch(of: #/"pixelDigest" : "([0-9a-f]{64})"/#)).1
                // As a machine begins the run that makes other pictures of the same sounds; an earlier version noted
                // none.
                let changes = [
                    (String(digest), String(digest.reversed()), ["pictures differ", "libsndfile"]),
                    (#""pixelDigest" : "\#(digest)","#, "", ["did not note its pictures"]),
                ]
                for (old, new, words) in changes {
                    try workspace.write(
                        Array(written.replacingOccurrences(of: old, with: new).utf8), to: "run/config.json")
                    let outcome = try workspace.run("hbn-coordinator", ["--resume", workspace("run"), "--local", "1"])
                    #expect(outcome.status == 65)
                    expectOneError(outcome.errors, naming: words)
                }
            }
        }

        @Test func aRunOfOtherNumericsDoesNotGoOnButIsStillOfUse() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn-coordinator", TinyRun.brief.options + ["--output", workspace("run")])
                let written = try workspace.text(of: "run/config.json")
                // As earlier versions wrote it, with what there is no more.
                let measured = #""measured" : { "conv 3x3 8->8 32x48 forward" : "library-winograd" }"#
                let changed =
                    written
                    .replacing(#/,\s*"version" : \d+/#, with: #", "threadsPerLane" : 1"#)
                    .replacing(#/"measured" : \{\s*\}/#, with: measured)
                    .replacing(#""model" : {"#, with: #""fingerprints" : {}, "model" : {"#)
                #expect(changed.contains("threadsPerLane") && changed.contains("library-"))
                try workspace.write(Array(changed.utf8), to: "run/config.json")
                let parts = #"{"configuration": \#(changed), "parts": []}"#
                try workspace.write(Array(parts.utf8), to: "folds/folds.json")

                for folder in ["run", "folds"] {
                    let outcome = try workspace.run("hbn-coordinator", ["--resume", workspace(folder), "--local", "1"])
                    #expect(outcome.status == 65)
                    expectOneError(
                        outcome.errors,
                        naming: [workspace(folder), "other numerics (1) than this version's (2)", "start anew"])
                }
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "4"])
                try workspace.succeed(
                    "hbn",
                    [
                        "evaluate", "--run", workspace("run"), "--data", workspace("data"), "--output",
                        workspace("scores"),
                    ])
                try workspace.succeed(
                    "hbn",
                    ["export", "--run", workspace("run"), "--format", "onnx", "--output", workspace("model.onnx")])
                try workspace.succeed(
                    "hbn-coordinator",
                    [
                        "--config", workspace("run/config.json"), "--initial-parameters",
                        workspace("run/final.safetensors"), "--max-steps", "1", "--output", workspace("anew"),
                    ])
                let anew = try RunConfiguration(ofRun: workspace("anew")).numerics
                #expect(anew == NumericsSettings())
            }
        }

        @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
        func anInterruptedRunResumesToTheSameResult(signal: Int32) throws {
            try Workspace.use { workspace in
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.long.options + ["--local", "2", "--output", workspace("run")])
                try coordinator.hasBegun()
                let folder = try self.folder(of: coordinator)
                #expect(FileManager.default.fileExists(atPath: folder))
                coordinator.signal(signal)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 75)
                #expect(!FileManager.default.fileExists(atPath: folder))
                #expect(outcome.errors.components(separatedBy: "writing a checkpoint").count == 2)
                #expect(outcome.errors.contains(#/\nerror: interrupted after step \d+; go on with .*--resume/#))
                #expect(try !workspace.checkpoints.isEmpty)
                try resume(workspace)
            }
        }

        @Test func twoInterruptionsLeaveNoFolderBehind() throws {
            try Workspace.use { workspace in
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.long.options + ["--local", "1", "--output", workspace("run")])
                try coordinator.hasBegun()
                let folder = try self.folder(of: coordinator)
                let worker = try process(of: "local-1", coordinator)
                // Without its worker it waits.
                kill(worker, SIGSTOP)
                coordinator.signal(SIGINT)
                try coordinator.line(with: "writing a checkpoint")
                usleep(1_200_000)
                coordinator.signal(SIGHUP)
                coordinator.signal(SIGINT)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 75)
                #expect(outcome.errors.contains("error: interrupted twice"))
                #expect(!FileManager.default.fileExists(atPath: folder))
            }
        }

        @Test func aRunThatShallOutliveItsTerminalDoes() throws {
            try Workspace.use { workspace in
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.long.options + ["--local", "1", "--output", workspace("run")],
                    shell: "trap '' HUP; exec \(RunningProgram.command)")
                try coordinator.hasBegun()
                coordinator.signal(SIGHUP)
                #expect(try coordinator.outcome().status == 0)
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        /// Where the sockets of its local workers are.
        private func folder(of coordinator: RunningProgram) throws -> String {
            let file = try "/proc/\(process(of: "local-1", coordinator))/cmdline"
            let words = try String(contentsOfFile: file, encoding: .utf8)
            return String(try #require(words.firstMatch(of: #/ipc:\/\/(\/tmp\/heartbeatnet-[^\/]+)/#)).1)
        }

        private func process(of worker: String, _ coordinator: RunningProgram) throws -> Int32 {
            let line = try coordinator.line(with: "\(worker) joins")
            return Int32(try #require(line.firstMatch(of: #/process (\d+)/#)).1)!
        }

        @Test(arguments: [[], ["--checkpoint-every", "2"]])
        func aKilledRunTakesItsWorkersAlongAndResumesToTheSameResult(options: [String]) throws {
            try Workspace.use { workspace in
                let coordinator = try workspace.start(
                    "hbn-coordinator",
                    TinyRun.long.options + options + ["--local", "2", "--output", workspace("run")])
                let workers = try ["local-1", "local-2"].map { try process(of: $0, coordinator) }
                try coordinator.hasReached(epoch: 2)
                #expect(workers.allSatisfy(isThere))
                coordinator.signal(SIGKILL)
                #expect(try coordinator.outcome().status == -SIGKILL)
                // The kernel ends them with their parent; that takes a moment.
                for _ in 0..<500 where workers.contains(where: isThere) { usleep(10_000) }
                #expect(!workers.contains(where: isThere), "a worker is left alone")
                try resume(workspace)
            }
        }

        @Test(arguments: [0, 1, 2]) func tornCheckpointsArePassedOver(torn: Int) throws {
            try Workspace.use { workspace in
                let options = TinyRun.long.options + ["--checkpoint-every", "2", "--output", workspace("run")]
                let coordinator = try workspace.start("hbn-coordinator", options)
                try coordinator.hasReached(epoch: 4)
                coordinator.signal(SIGTERM)
                #expect(try coordinator.outcome().status == 75)
                let victims = try workspace.checkpoints.suffix(torn)
                for victim in victims { truncate(victim, 5000) }
                let errors = try resume(workspace)
                #expect(errors.components(separatedBy: "passed over: ").count - 1 == torn)
                for victim in victims { #expect(errors.contains(victim)) }
            }
        }

        @Test func aFinishedRunThatIsResumedStaysAsItIs() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn-coordinator", TinyRun.brief.options + ["--output", workspace("run")])
                let before = try workspace.result(of: "run")
                let predictions = try workspace.text(of: "run/predictions.csv")
                try workspace.succeed("hbn-coordinator", ["--resume", workspace("run"), "--local", "1"])
                #expect(try workspace.result(of: "run") == before)
                #expect(try workspace.text(of: "run/predictions.csv") == predictions)
            }
        }

        /// As if it had been killed between an epoch's checkpoint and its row.
        @Test func aRowThatWasNotWrittenIsWrittenAfterResuming() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn-coordinator", TinyRun.brief.options + ["--output", workspace("run")])
                let before = try workspace.result(of: "run")
                let rows = try workspace.text(of: "run/history.csv").split(separator: "\n")
                #expect(rows.count == 3)
                try workspace.write(Array((rows.dropLast().joined(separator: "\n") + "\n").utf8), to: "run/history.csv")
                try workspace.succeed("hbn-coordinator", ["--resume", workspace("run"), "--local", "1"])
                #expect(try workspace.result(of: "run") == before)
            }
        }

        /// Resumes the run, checks what it comes to, and returns what the coordinator logged.
        @discardableResult
        private func resume(_ workspace: Workspace) throws -> String {
            let outcome = try workspace.run("hbn-coordinator", ["--resume", workspace("run"), "--local", "2"])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("resuming at step "))
            #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            return outcome.errors
        }

        /// Of a process that has ended but is not yet reaped, the command line is empty.
        private func isThere(_ process: Int32) -> Bool {
            FileManager.default.contents(atPath: "/proc/\(process)/cmdline")?.isEmpty == false
        }
    }
}

extension Workspace {
    /// The paths of the run's checkpoints, the oldest first.
    var checkpoints: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: self("run/checkpoints")).sorted()
                .map { self("run/checkpoints/\($0)") }
        }
    }
}
