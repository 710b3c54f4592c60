import AttentionUNet
import Foundation
import Messages
import Optimization
import TensorCore
import Testing
import Training
import Transport
import ZeroMQ

/// A coordinator that says what it likes to one node.
private final class StrangeCoordinator {
    static let model = {
        var model = ModelSettings()
        (model.height, model.width, model.baseFilters) = (32, 48, 8)
        (model.denseLayers, model.denseWidth) = (2, 16)
        return model
    }()
    static let layout = Network.attentionUNet(model).parameterLayout
    /// Of the parts that cut no row.
    static let first = layout.factored!.offset

    private let context: Context
    private let socket: Socket
    let endpoint: String

    init() throws {
        context = try Context()
        socket = try Socket(.router, in: context, options: [.linger(.seconds(2))])
        try socket.bind(to: "tcp://127.0.0.1:*")
        endpoint = try socket.lastEndpoint
    }

    /// Answers whatever comes by a welcome, until the node has said where it listens if it is a server; then says
    /// `words`.
    func welcome(_ configuration: some Encodable, _ servers: [Header.Server], then words: [Header] = []) throws {
        let welcome = Header.welcome(
            configuration: Array(try JSONEncoder().encode(configuration)), model: Self.layout.digest, servers: servers)
        while true {
            try #require(try socket.isReadable(within: .seconds(20)))
            guard let (peer, result) = try socket.receiveFromPeer(), case .join(let join) = try result.get().header
            else {
                continue
            }
            try socket.send(welcome, run: 7, to: peer)
            if join.role == .parameterServer && join.endpoint.isEmpty { continue }
            for word in words { try socket.send(word, run: 7, to: peer) }
            return
        }
    }
}

extension ClusterTests {
    /// What a coordinator says that cannot be ends a node with one line.
    @Suite struct StrangeCoordinatorTests {
        /// (part, version)
        @Test(
            arguments: [
                (0..<StrangeCoordinator.first + 1, 0),
                (StrangeCoordinator.first + 3..<StrangeCoordinator.layout.count, 0),
                (0..<Int.max, 0), (0..<StrangeCoordinator.first, 1 << 60),
            ] as [(Range<Int>, UInt64)])
        func aPartThatCannotBeIsRefused(part: Range<Int>, version: UInt64) throws {
            try Workspace.use { workspace in
                let coordinator = try StrangeCoordinator()
                let server = try workspace.server("server", at: coordinator.endpoint)
                let configuration = ServerConfiguration(
                    model: StrangeCoordinator.model, optimizer: SGD(), totalSteps: 5, shardsPerStep: 2, shardSize: 2,
                    densePlacement: .server, gradientPrecision: nil, sharesMemory: false)
                try coordinator.welcome(configuration, [], then: [.place(part, version: version)])
                let outcome = try server.outcome()
                #expect(outcome.status == 69)
                expectOneError(outcome.errors, naming: ["parameters do not fit"])
            }
        }

        @Test(arguments: [
            [], [0..<StrangeCoordinator.layout.count - 1], [1..<StrangeCoordinator.layout.count],
            [0..<StrangeCoordinator.first + 5, StrangeCoordinator.first + 5..<StrangeCoordinator.layout.count],
            [0..<StrangeCoordinator.first, 0..<StrangeCoordinator.layout.count],
        ])
        func placesThatCannotBeAreRefused(parts: [Range<Int>]) throws {
            try Workspace.use { workspace in
                let coordinator = try StrangeCoordinator()
                let worker = try workspace.worker("worker", at: coordinator.endpoint)
                let configuration = WorkerConfiguration(
                    seed: 1, model: StrangeCoordinator.model, numerics: NumericsSettings(), sharesMemory: false,
                    densePlacement: .server)
                try coordinator.welcome(
                    configuration, parts.map { Header.Server(endpoint: "tcp://127.0.0.1:9", range: $0) })
                let outcome = try worker.outcome()
                #expect(outcome.status == 69)
                expectOneError(outcome.errors, naming: ["do not hold the model between them"])
            }
        }
    }
}
