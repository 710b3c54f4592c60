import Foundation
import Logging
import Messages
import Parameters
import Programs
import Synchronization
import Transport
import ZeroMQ

/// How fast parameters travel over the loopback device: as ZeroMQ alone would carry them, as nodes send them, and as
/// nodes with a key do.
public struct WireBenchmark {
    /// Connections from the sender to the receiver, each with an I/O thread at both ends.
    public let connections: Int
    public let framesPerTurn: Int
    public let floatsPerFrame: Int

    public struct Result: Codable {
        /// Medians over the turns.
        public let bareBytesPerSecond: Double
        public let plainBytesPerSecond: Double
        public let encryptedBytesPerSecond: Double
        /// Medians of the ratios within a turn.
        public let plainRatio: Double
        public let encryptedRatio: Double

        enum CodingKeys: String, CodingKey {
            case bareBytesPerSecond = "bare_bytes_per_second"
            case plainBytesPerSecond = "plain_bytes_per_second"
            case encryptedBytesPerSecond = "encrypted_bytes_per_second"
            case plainRatio = "plain_ratio"
            case encryptedRatio = "encrypted_ratio"
        }
    }

    fileprivate enum Way {
        /// Frames alone, as fast as they go.
        case bare
        /// With headers, and the options of all sockets of a cluster.
        case cluster(ClusterKey?)
    }

    public init(connections: Int, framesPerTurn: Int, floatsPerFrame: Int) {
        self.connections = connections
        self.framesPerTurn = framesPerTurn
        self.floatsPerFrame = floatsPerFrame
    }

    public func run(turns: Int) throws -> Result {
        let key = try ClusterKey.temporary()
        let rates = try (0..<turns).map { _ in
            (bare: try rate(.bare), plain: try rate(.cluster(nil)), encrypted: try rate(.cluster(key)))
        }
        return Result(
            bareBytesPerSecond: rates.map(\.bare).median, plainBytesPerSecond: rates.map(\.plain).median,
            encryptedBytesPerSecond: rates.map(\.encrypted).median,
            plainRatio: rates.map { $0.plain / $0.bare }.median,
            encryptedRatio: rates.map { $0.encrypted / $0.bare }.median)
    }

    /// Bytes a second from the first frame's departure to the last one's arrival.
    private func rate(_ way: Way) throws -> Double {
        let receiver = try Receiver(way, connections: connections, frames: framesPerTurn)
        let context = try Context(ioThreads: connections)
        // Sockets do not go into arrays.
        let senders = try (0..<connections).map { _ in
            SocketBox(try Socket(.dealer, in: context, options: way.senderOptions))
        }
        for sender in senders { try sender.socket.connect(to: receiver.endpoint) }
        defer { withExtendedLifetime(senders) {} }
        let floats = FloatFrame(FloatBuffer(count: floatsPerFrame))
        func send(_ count: Int) throws {
            for frame in 0..<count {
                let socket = senders[frame % connections]
                switch way {
                case .bare: try socket.socket.send([try floats.message()])
                case .cluster:
                    try socket.socket.send(
                        .parameters(version: UInt64(frame), first: 0, ofVelocity: false, memory: nil), run: 1,
                        tensors: [try floats.message()])
                }
            }
        }
        // All connections are there when a frame has come over each.
        try send(connections)
        try receiver.wait()
        let start = ContinuousClock.now
        try send(framesPerTurn)
        try receiver.wait()
        let seconds = start.duration(to: .now).seconds
        return Double(framesPerTurn * floatsPerFrame * MemoryLayout<Float>.stride) / seconds
    }

    /// A thread that receives `connections` frames, and then `frames` more.
    private final class Receiver: Sendable {
        let endpoint: String
        private let arrived = DispatchSemaphore(value: 0)
        private let shared = Shared()

        private final class Shared: Sendable {
            let outcome = Mutex<(endpoint: String, error: (any Error)?)>(("", nil))
        }

        init(_ way: Way, connections: Int, frames: Int) throws {
            let (arrived, shared, ready) = (arrived, shared, DispatchSemaphore(value: 0))
            Thread.start(named: "receiver") {
                do {
                    let context = try Context(ioThreads: connections)
                    let doorkeeper = try way.key.map { try Doorkeeper($0, in: context, log: Logger.ofProgram("wire")) }
                    defer { doorkeeper?.end() }
                    let socket = try Socket(.router, in: context, options: way.receiverOptions)
                    try socket.bind(to: "tcp://127.0.0.1:*")
                    let endpoint = try socket.lastEndpoint
                    shared.outcome.withLock { $0.endpoint = endpoint }
                    ready.signal()
                    for count in [connections, frames] {
                        for _ in 0..<count { _ = try socket.receive() }
                        arrived.signal()
                    }
                } catch {
                    shared.outcome.withLock { $0.error = error }
                    ready.signal()
                    for _ in 0..<2 { arrived.signal() }
                }
            }
            ready.wait()
            endpoint = shared.outcome.withLock { $0.endpoint }
            if let error = shared.outcome.withLock({ $0.error }) { throw error }
        }

        func wait() throws {
            arrived.wait()
            if let error = shared.outcome.withLock({ $0.error }) { throw error }
        }
    }
}

extension WireBenchmark.Way {
    fileprivate var key: ClusterKey? { if case .cluster(let key) = self { key } else { nil } }

    fileprivate var senderOptions: [SocketOption] {
        guard case .cluster(let key) = self else { return [] }
        return Wire.options + Wire.connecting(with: key)
    }

    fileprivate var receiverOptions: [SocketOption] {
        guard case .cluster(let key) = self else { return [] }
        return Wire.options + Wire.routerOptions + Wire.listening(with: key)
    }
}
