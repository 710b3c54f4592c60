import Messages
import Programs
import Testing
import Training
import ZeroMQ

/// A peer that says what it likes.
final class HostilePeer {
    private let context: Context
    private let socket: Socket

    /// A foreign program has a routing id that no worker has.
    init(at endpoint: String, routingID: String?) throws {
        context = try Context()
        let name = routingID.map { [SocketOption.routingID(Array($0.utf8))] } ?? []
        socket = try Socket(.dealer, in: context, options: name + [.linger(.seconds(5))])
        try socket.connect(to: endpoint)
    }

    func send(_ frames: [[UInt8]]) throws { try socket.send(frames.map { try Message($0) }) }

    /// The next header that the other side sends.
    func answer() throws -> (header: Header, run: UInt64) {
        try #require(try socket.isReadable(within: .seconds(10)))
        let frames = try socket.receive()
        return try frames[0].withUnsafeBytes { bytes throws(HeaderError) in try Header.decode(bytes) }
    }

    /// What this machine computes.
    private static let own = try! Fingerprint.compute()

    static func join(_ name: String = "guest", build: String = "0.1.0", fingerprint: String? = nil) -> Header {
        var join = Header.Join(
            role: .worker, name: name, host: "elsewhere", process: 1, build: build, processor: "any")
        (join.lanes, join.fingerprint) = (1, fingerprint ?? own)
        return .join(join)
    }
}
