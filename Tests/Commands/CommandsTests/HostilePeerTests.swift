import Foundation
import Messages
import Testing
import ZeroMQ

/// What a push says of a shard that was never computed.
private func claim(_ id: ShardAttempt) -> Header.ShardResult {
    .init(id: id, result: .init(samples: 4, correct: 4, lossSum: 0), gradient: 0, digest: 0)
}
private let attempt = ShardAttempt(round: 0, shard: 0, attempt: 1)

/// What no honest peer sends.
private let nonsense: [[[UInt8]]] = [
    [[]],
    [Array("GET / HTTP/1.1\r\n\r\n".utf8)],
    [(0..<200).map { UInt8(truncatingIfNeeded: $0 * 151 + 7) }],
    Array(repeating: [1, 2, 3], count: 60),
    Array(repeating: [1, 2, 3], count: 70),
    [HostilePeer.join().encoded(run: 0).dropLast(3)],
    [Array(HostilePeer.join().encoded(run: 0).prefix(4))],
    [[UInt8](repeating: 8, count: 3 << 20)],
    // Of the next protocol.
    [[8, UInt8(protocolVersion + 1)] + HostilePeer.join().encoded(run: 0).dropFirst(2)],
]

/// Sound messages of another run: a replay.
private let foreign: [[[UInt8]]] = [
    [Header.heartbeat(held: [], sent: []).encoded(run: 0)],
    [Header.push([claim(attempt)], gradient: 0, memory: nil).encoded(run: 12345), [], [], []],
    [Header.scores(attempt).encoded(run: 12345), [0, 0, 0, 0]],
    [Header.failure(attempt, reason: "no reason").encoded(run: 12345)],
    [Header.openRound(0, shards: 1, firstAttempt: 1).encoded(run: 12345)],
    [Header.updated(version: 9).encoded(run: 12345)],
    [Header.stop(reason: "no reason").encoded(run: 12345)],
]

extension ClusterTests {
    @Suite struct HostilePeerTests {
        @Test func nonsenseAndReplaysAtBothPortsChangeNothing() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long)
                let parameters = try parametersEndpoint(of: coordinator)
                var peers: [HostilePeer] = []
                for (port, place) in [("coordinator", endpoint), ("parameters", parameters)] {
                    for (index, message) in (nonsense + foreign).enumerated() {
                        let peer = try HostilePeer(at: place, routingID: "\(port)-\(index)#1")
                        for _ in 0..<3 { try peer.send(message) }
                        peers.append(peer)
                    }
                    let stranger = try HostilePeer(at: place, routingID: nil)
                    for message in nonsense + foreign { try stranger.send(message) }
                    peers.append(stranger)
                }
                // All of it has come before the run begins; what follows comes during it.
                for index in nonsense.indices { try coordinator.line(with: "coordinator-\(index) is refused: ") }
                for index in nonsense.indices { try coordinator.line(with: "parameters-\(index): ") }
                _ = try workspace.worker("honest", at: endpoint)
                try coordinator.hasBegun()
                for peer in peers { for message in nonsense + foreign { try peer.send(message) } }

                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                for index in nonsense.indices {
                    let complaints = outcome.errors.components(separatedBy: "coordinator-\(index) is refused").count - 1
                    #expect(complaints == 1, "each peer is named once")
                }
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test func aGuestWhoSendsResultsThatDoNotFitChangesNothing() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long)
                let guest = try HostilePeer(at: endpoint, routingID: "guest#1")
                try guest.send([HostilePeer.join().encoded(run: 0)])
                let (header, run) = try guest.answer()
                guard case .welcome = header else {
                    Issue.record("\(header) is no welcome")
                    return
                }
                let parameters = try parametersEndpoint(of: coordinator)
                let pusher = try HostilePeer(at: parameters, routingID: "guest#1")
                _ = try workspace.worker("honest", at: endpoint)
                try coordinator.hasBegun()
                for round in UInt64(0)..<50 {
                    let id = ShardAttempt(round: round, shard: 0, attempt: 1)
                    try pusher.send([
                        Header.push([claim(id)], gradient: 0, memory: nil).encoded(run: run), [0, 0, 0, 0], [], [],
                    ])
                    let scores = ShardAttempt(round: .max - round, shard: 0, attempt: 1)
                    try guest.send([Header.scores(scores).encoded(run: run), []])
                    let elsewhere = ShardAttempt(round: 1 << 40, shard: 9, attempt: 9)
                    try guest.send([Header.failure(elsewhere, reason: "").encoded(run: run)])
                }
                #expect(try coordinator.outcome().status == 0)
                #expect(coordinator.text(of: .errors).contains("guest: a gradient of another model"))
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        @Test(
            .disabled(
                if: ProcessInfo.processInfo.environment["HBN_SANITIZED"] != nil, "a sanitizer takes memory of its own"))
        func oversizedFramesTakeNoMemory() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long)
                let parameters = try parametersEndpoint(of: coordinator)
                let huge = [UInt8](repeating: 0, count: 400 << 20)
                let peers = try [endpoint, parameters].map { try HostilePeer(at: $0, routingID: "huge#1") }
                for peer in peers { try peer.send([huge]) }
                _ = try workspace.worker("honest", at: endpoint)
                try coordinator.hasReached(epoch: 11)
                #expect(try coordinator.peakMemory < 300 << 20)
                #expect(try coordinator.outcome().status == 0)
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }

        private func parametersEndpoint(of coordinator: RunningProgram) throws -> String {
            let line = try coordinator.line(with: "parameters at ")
            return String(try #require(line.firstMatch(of: #/parameters at (\S+)/#)).1)
        }

        @Test func aWorkerOfAnotherBuildIsToldBothVersions() throws {
            try Workspace.use { workspace in
                let (_, endpoint) = try workspace.listen(.long)
                let old = try HostilePeer(at: endpoint, routingID: "old#1")
                try old.send([
                    HostilePeer.join("old", build: "0.0.9").encoded(run: 0)
                ])
                guard case .refusal(let reason) = try old.answer().header else {
                    Issue.record("it was not refused")
                    return
                }
                #expect(reason.contains("0.0.9") && reason.contains("0.1.0"))
            }
        }
    }
}
