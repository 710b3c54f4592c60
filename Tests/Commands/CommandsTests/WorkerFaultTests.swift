import Foundation
import Testing

extension ClusterTests {
    @Suite struct WorkerFaultTests {
        @Test func aKilledLocalWorkerIsNamedAndReplaced() throws {
            try Workspace.use { workspace in
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.long.options + ["--local", "2", "--output", workspace("run")])
                let joining = try coordinator.line(with: "local-1 joins")
                let process = try #require(joining.firstMatch(of: #/process (\d+)/#)).1
                try coordinator.hasBegun()
                kill(Int32(process)!, SIGKILL)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(outcome.errors.contains("local-1 ended by signal 9"))
                #expect(outcome.errors.contains("local-1 joins again"))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        /// Its gradients lie in memory that the server reads until the step is taken, also when it has joined anew
        /// since.
        @Test func aPausedLocalWorkerComesBackToTheSameResult() throws {
            try Workspace.use { workspace in
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.long.options + ["--local", "1", "--output", workspace("run")])
                let joining = try coordinator.line(with: "local-1 joins")
                let process = Int32(try #require(joining.firstMatch(of: #/process (\d+)/#)).1)!
                try coordinator.hasBegun()
                kill(process, SIGSTOP)
                try coordinator.line(with: "local-1 has been silent for")
                kill(process, SIGCONT)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(outcome.errors.contains("local-1 joins again"))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test(arguments: [SIGTERM, SIGKILL]) func localWorkersThatEndAgainAndAgainAreReplaced(signal: Int32) throws {
            try Workspace.use { workspace in
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.long.options + ["--local", "2", "--output", workspace("run")])
                for _ in 0..<3 {
                    let joined = { (text: String) in text.matches(of: #/local-1 joins.*process (\d+)/#) }
                    let before = joined(coordinator.text(of: .errors)).count
                    if before == 0 { try coordinator.line(with: "local-1 joins") }
                    let process = try #require(joined(coordinator.text(of: .errors)).last).1
                    kill(Int32(process)!, signal)
                    usleep(300_000)
                }
                #expect(try coordinator.outcome().status == 0)
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test func theShardsOfAPausedWorkerAreComputedByOthersBeforeItsLeaseEnds() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long, "--min-workers", "2")
                let paused = try workspace.worker("paused", at: endpoint)
                _ = try workspace.worker("steady", at: endpoint)
                try coordinator.hasBegun()
                paused.signal(SIGSTOP)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(!outcome.errors.contains("waiting for"))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test func aPausedWorkerLosesItsShardsAndComesBack() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long)
                let paused = try workspace.worker("paused", at: endpoint)
                try coordinator.hasBegun()
                paused.signal(SIGSTOP)
                let line = try coordinator.line(with: "paused has been silent for")
                #expect(line.contains(#/its shards \[\d.*\] go to others/#))
                paused.signal(SIGCONT)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(outcome.errors.contains("paused joins again"))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test(arguments: [SIGTERM, SIGHUP])
        func aWorkerThatIsAskedToEndFinishesItsShardAndLeaves(signal: Int32) throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long, "--min-workers", "2")
                let leaving = try workspace.worker("leaving", at: endpoint, lanes: 2)
                _ = try workspace.worker("staying", at: endpoint)
                try coordinator.hasBegun()
                leaving.signal(signal)
                #expect(try leaving.outcome().status == 0)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(outcome.errors.contains("leaving leaves"))
                #expect(!outcome.errors.contains("silent"))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test func aWorkerThatJoinsInMidRunChangesNothing() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long)
                _ = try workspace.worker("first", at: endpoint)
                try coordinator.hasBegun()
                let second = try workspace.worker("second", at: endpoint)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(outcome.errors.contains("second joins"))
                #expect(try second.outcome().status == 0)
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test func aRunThatLostAllWorkersWaitsAndGoesOnWithTheNext() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long)
                let first = try workspace.worker("first", at: endpoint)
                try coordinator.hasBegun()
                first.signal(SIGKILL)
                try coordinator.line(with: "waiting for 5 s: ")
                try coordinator.line(with: "first has been silent for")
                _ = try workspace.worker("second", at: endpoint)
                #expect(try coordinator.outcome().status == 0)
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }
    }
}
