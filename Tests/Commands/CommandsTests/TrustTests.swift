import Kernels
import Testing
import Training
import TrainingData

extension ClusterTests {
    /// What the coordinator does about processors that compute other bits, or wrong ones.
    @Suite struct TrustTests {
        @Test(arguments: [1, 2]) func auditsChangeNothing(workers: Int) throws {
            try Workspace.use { workspace in
                try workspace.succeed(
                    "hbn-coordinator",
                    TinyRun.brief.options + ["--audit", "1", "--local", "\(workers)", "--output", workspace("run")])
                #expect(try workspace.result(of: "run") == TinyRun.brief.result())
                #expect(try workspace.text(of: "run/report.html").contains(" audits"))
            }
        }

        @Test func aWorkerThatComputesWronglyIsFoundNamedAndDismissed() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long, "--audit", "1", "--min-workers", "3")
                let faulty = try workspace.start(
                    "hbn-worker",
                    ["--connect", endpoint, "--name", "faulty", "--lanes", "1", "--corrupt-every", "2"])
                for name in ["left", "right"] { _ = try workspace.worker(name, at: endpoint) }
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(outcome.errors.contains(#/silent data corruption: (faulty and (left|right)|left and right)/#))
                #expect(outcome.errors.contains("faulty is dismissed"))
                for name in ["left", "right"] { #expect(!outcome.errors.contains("\(name) computed")) }
                let dismissed = try faulty.outcome()
                #expect(dismissed.status == 69)
                #expect(
                    dismissed.errors.contains("error: the coordinator refuses this node: it computed wrong results"))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test func withoutAnotherWorkerAnAuditFindsAWrongResultAllTheSame() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.brief, "--audit", "1")
                _ = try workspace.start(
                    "hbn-worker",
                    ["--connect", endpoint, "--name", "faulty", "--lanes", "2", "--corrupt-every", "11"])
                try coordinator.line(with: "silent data corruption: faulty")
            }
        }

        @Test func nodesThatComputeOtherBitsAreRefusedAndTheRunGoesOn() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long)
                let nodes = [
                    try workspace.worker("odd-worker", at: endpoint, "--fingerprint", "another"),
                    try workspace.server("odd-server", at: endpoint, "--fingerprint", "another"),
                ]
                for (name, node) in zip(["odd-worker", "odd-server"], nodes) {
                    let refused = try node.outcome()
                    #expect(refused.status == 69)
                    expectOneError(
                        refused.errors,
                        naming: [
                            "refuses this node", "the arithmetic of \(name) ", "kernels: \(Processor.best.rawValue)",
                            "fingerprint another", "differs",
                        ])
                    let line = try coordinator.line(with: "\(name) is refused: the arithmetic of \(name) ")
                    #expect(line.contains("kernels: \(Processor.best.rawValue), fingerprint another"))
                }
                _ = try workspace.worker("honest", at: endpoint)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(outcome.output.contains("every shard came from bitwise peers"))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        /// Here they only say so, and the bits are the same.
        @Test func nodesThatComputeOtherBitsAreTakenInWhereTheOptionSaysSo() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(
                    .brief, "--allow-other-bits", "--min-workers", "2", "--min-servers", "1")
                _ = try workspace.worker("like", at: endpoint)
                _ = try workspace.worker("odd-worker", at: endpoint, "--fingerprint", "another")
                _ = try workspace.server("odd-server", at: endpoint, "--fingerprint", "another")
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                for name in ["odd-worker", "odd-server"] {
                    #expect(outcome.errors.contains("the arithmetic of \(name) "))
                }
                #expect(!outcome.errors.contains("the arithmetic of like "))
                let words = "not every shard came from bitwise peers"
                #expect(outcome.output.contains(words))
                #expect(try workspace.text(of: "run/report.html").contains(words))
                let otherBits = try RunConfiguration(ofRun: workspace("run")).otherBits
                #expect(otherBits?.steps == 2 * TinyRun.stepsPerEpoch)
                #expect(try workspace.result(of: "run") == TinyRun.brief.result())
            }
        }

        @Test func whereAllAreAlikeTheRunSaysSo() throws {
            try Workspace.use { workspace in
                let output = try workspace.succeed(
                    "hbn-coordinator",
                    TinyRun.brief.options + ["--strict-numerics", "--local", "2", "--output", workspace("run")])
                #expect(output.contains("\nevery shard came from bitwise peers"))
                #expect(try RunConfiguration(ofRun: workspace("run")).otherBits == nil)
            }
        }
    }
}
