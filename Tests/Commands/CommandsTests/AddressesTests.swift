import Foundation
import Testing

extension ClusterTests {
    @Suite struct AddressesTests {
        @Test(arguments: ["tcp://localhost:*", "tcp://0.0.0.0:*", "tcp://*:*"])
        func aNameReachesACoordinatorHoweverItListens(listening: String) throws {
            try Workspace.use { workspace in
                let options = ["--listen", listening] + (listening.contains("localhost") ? [] : ["--insecure"])
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.brief.options + options + ["--output", workspace("run")])
                let line = try coordinator.line(with: "listening at ")
                let port = try #require(line.firstMatch(of: #/listening at tcp:\S+:(\d+),/#)).1
                let worker = try workspace.worker("one", at: "tcp://localhost:\(port)")
                #expect(try coordinator.outcome().status == 0)
                #expect(try worker.outcome().status == 0)
            }
        }

        /// (name, what is wrong with it, exit code)
        @Test(arguments: [
            ("nobody.invalid", "is the host's name right?", 69 as Int32), ("no such host", "is no host's name", 2),
            ("localhost", "127.0.0.1", 69),
        ])
        func aHostThatDoesNotAnswerIsNamed(name: String, fault: String, status: Int32) throws {
            try Workspace.use { workspace in
                for program in [["hbn-worker"], ["hbn-parameter-server", "--insecure"]] {
                    let outcome = try workspace.run(
                        program[0], ["--connect", "tcp://\(name):1", "--connect-timeout", "1"] + program.dropFirst())
                    #expect(outcome.status == status)
                    expectOneError(outcome.errors, naming: [name, fault])
                }
            }
        }
    }
}
