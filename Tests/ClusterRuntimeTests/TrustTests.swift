import Foundation
import Messages
import Testing

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

        @Test func aWorkerOfAnotherFingerprintIsNoBitwisePeer() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long)
                _ = try workspace.worker("first", at: endpoint)
                try coordinator.line(with: "first joins")
                let other = try HostilePeer(at: endpoint, routingID: "guest#1")
                try other.send([HostilePeer.join(fingerprint: "another").encoded(run: 0)])
                try coordinator.line(with: "guest is no bitwise peer: its fingerprint is not")
                #expect(try coordinator.outcome().status == 0)
                let configuration = try workspace.text(of: "run/config.json")
                #expect(configuration.contains("\"another\" : ["))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test func strictNumericsRefuseAWorkerOfAnotherFingerprint() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.brief, "--strict-numerics", "--min-workers", "2")
                _ = try workspace.worker("first", at: endpoint)
                let joining = try coordinator.line(with: "first joins")
                let fingerprint = try #require(joining.firstMatch(of: #/fingerprint ([0-9a-f]{12})/#)).1
                let other = try HostilePeer(at: endpoint, routingID: "guest#1")
                try other.send([HostilePeer.join(fingerprint: "another").encoded(run: 0)])
                guard case .refusal(let reason) = try other.answer().header else {
                    Issue.record("it was not refused")
                    return
                }
                #expect(reason.contains("another") && reason.contains(fingerprint))
            }
        }

        @Test func theFingerprintOfTheFirstWorkerStandsInTheRunsConfiguration() throws {
            try Workspace.use { workspace in
                let output = try workspace.succeed(
                    "hbn-coordinator", TinyRun.brief.options + ["--local", "2", "--output", workspace("run")])
                #expect(output.contains("every shard came from bitwise peers"))
                let data = Data(try workspace.text(of: "run/config.json").utf8)
                let configuration = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
                let fingerprints = try #require(configuration["fingerprints"] as? [String: Any])
                let reference = try #require(fingerprints["reference"] as? String)
                #expect(reference.count == 64)
                let processors = try #require(fingerprints["processors"] as? [String: [String]])
                #expect(Array(processors.keys) == [reference])
            }
        }
    }
}
