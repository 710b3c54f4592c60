import Foundation
import Testing

extension ClusterTests {
    @Suite struct ParameterServerTests {
        @Test(arguments: [1, 2]) func theResultDoesNotDependOnTheNumberOfParameterServers(extra: Int) throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long, "--min-servers", "\(extra)")
                let servers = try (0..<extra).map { try workspace.server("server-\($0)", at: endpoint) }
                _ = try workspace.worker("only", at: endpoint, lanes: 2)
                try coordinator.line(with: "held by \(extra + 1) servers: the coordinator, server-0")
                #expect(try coordinator.outcome().status == 0)
                for server in servers { #expect(try server.outcome().status == 0) }
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test func aLostServerTakesTheRunBackToItsCheckpointAndToTheSameResult() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long, "--min-servers", "1")
                let server = try workspace.server("doomed", at: endpoint)
                _ = try workspace.worker("only", at: endpoint)
                try coordinator.hasReached(epoch: 2)
                server.signal(SIGKILL)
                try coordinator.line(with: #"parameter server doomed "#)
                #expect(try coordinator.outcome().status == 0)
                #expect(coordinator.text(of: .errors).contains(#/going back from step \d+ to \d+/#))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test(arguments: [SIGTERM, SIGHUP])
        func serversJoinAndLeaveInMidRunAndTheResultIsTheSame(signal: Int32) throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long)
                _ = try workspace.worker("only", at: endpoint)
                try coordinator.hasBegun()
                let server = try workspace.server("guest", at: endpoint)
                try coordinator.line(with: "held by 2 servers: the coordinator, guest")
                server.signal(signal)
                #expect(try server.outcome().status == 0)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(!outcome.errors.contains("going back"))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test func aRunWithServersIsInterruptedAndResumedWithout() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long, "--min-servers", "1")
                _ = try workspace.server("server", at: endpoint)
                _ = try workspace.worker("only", at: endpoint)
                try coordinator.hasBegun()
                coordinator.signal(SIGTERM)
                #expect(try coordinator.outcome().status == 75)
                try workspace.succeed("hbn-coordinator", ["--resume", workspace("run"), "--local", "1"])
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }
    }
}
