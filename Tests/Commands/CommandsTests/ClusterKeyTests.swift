import Examples
import Foundation
import Testing
import Transport

extension ClusterTests {
    struct ClusterKeyTests {
        @Test func aKeyIsItsOwnersAloneAndIsNotOverwritten() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn", ["keygen", workspace("key")])
                let attributes = try FileManager.default.attributesOfItem(atPath: workspace("key"))
                #expect(attributes[.posixPermissions] as? Int == 0o600)
                let key = try workspace.text(of: "key")
                let again = try workspace.run("hbn", ["keygen", workspace("key")])
                #expect(again.status == 74 && again.errors.contains("exists"))
                #expect(try workspace.text(of: "key") == key)
                try workspace.succeed("hbn", ["keygen", workspace("other")])
                #expect(try workspace.text(of: "other") != key)
            }
        }

        @Test(arguments: [false, true]) func aCoordinatorThatIsReachedAtLastIsJoined(hasKey: Bool) throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn", ["keygen", workspace("key")])
                let key = hasKey ? ["--cluster-key", workspace("key")] : []
                let (coordinator, endpoint) = try workspace.listen(.brief, key)
                let port = try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
                let relay = try RecordingRelay(to: port, hangingUpOn: 5)
                let worker = try workspace.start("hbn-worker", ["--connect", "tcp://127.0.0.1:\(relay.port)"] + key)
                #expect(try coordinator.outcome().status == 0)
                #expect(try worker.outcome().status == 0)
                withExtendedLifetime(relay) {}
            }
        }

        @Test func anEncryptedClusterGivesTheSameResultAndRefusesStrangers() throws {
            try Workspace.use { workspace in
                for name in ["key", "other"] { try workspace.succeed("hbn", ["keygen", workspace(name)]) }
                let key = ["--cluster-key", workspace("key")]
                let (coordinator, endpoint) = try workspace.listen(
                    .brief, "--min-servers", "1", "--cluster-key", workspace("key"))
                // Who has no key learns so at once; with another one, the connection may only have been broken.
                for (stranger, limit, said) in [
                    ([], "600", "asks for a key"), (["--cluster-key", workspace("other")], "3", "--cluster-key"),
                ] {
                    let outcome = try workspace.run(
                        "hbn-worker", ["--connect", endpoint, "--connect-timeout", limit] + stranger)
                    #expect(outcome.status == 69)
                    #expect(outcome.errors.contains(said), "\(outcome.errors)")
                }
                try coordinator.line(with: "could not connect")
                let nodes = try ["hbn-worker", "hbn-parameter-server"].map {
                    try workspace.start($0, ["--connect", endpoint] + key)
                }
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0, "\(outcome.errors)")
                for node in nodes { #expect(try node.outcome().status == 0) }
                #expect(try workspace.result(of: "run") == TinyRun.brief.result())
                // No secret is left in the run's folder, nor in what was printed.
                let secret = try #require(workspace.text(of: "key").split(separator: " ").last?.dropLast())
                #expect(!(outcome.errors + outcome.output).contains(secret))
                #expect(try !workspace.text(of: "run/config.json").contains(secret))
            }
        }
    }
}
