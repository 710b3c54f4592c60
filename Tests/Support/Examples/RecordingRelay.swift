import Foundation
import Synchronization

/// Passes one TCP connection on to a port of this machine, and keeps what the client sent. The first ones it may hang
/// up on.
package final class RecordingRelay: Sendable {
    package let port: UInt16
    private let target: UInt16
    private let listener: CInt
    private let sent = Mutex<[[UInt8]]>([])

    package init(to target: UInt16, hangingUpOn count: Int = 0) throws {
        self.target = target
        (listener, port) = try Self.listening()
        Thread.detachNewThread { [self] in
            for _ in 0..<count { close(accept(listener, nil, nil)) }
            relay()
        }
    }

    private static func listening() throws -> (CInt, UInt16) {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = address(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRINUSE) }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    deinit { close(listener) }

    /// What the client has sent so far, piece by piece.
    package var recorded: [[UInt8]] { sent.withLock { $0 } }

    /// Sends pieces to a port of this machine, as far apart as an exchange would have them, and keeps the connection
    /// for as long as the body takes.
    package static func replay(_ pieces: [[UInt8]], to port: UInt16, _ body: () throws -> Void) throws {
        let connection = try connected(to: port)
        defer { close(connection) }
        for piece in pieces {
            // The other side may have hung up.
            guard write(connection, piece) else { break }
            usleep(50_000)
        }
        try body()
    }

    private static func write(_ connection: CInt, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) == $0.count }
    }

    private static func address(port: UInt16) -> sockaddr_in {
        sockaddr_in(
            sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian,
            sin_addr: in_addr(s_addr: UInt32(0x7f00_0001).bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
    }

    private static func connected(to port: UInt16) throws -> CInt {
        let connection = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = address(port: port)
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw POSIXError(.ECONNREFUSED) }
        return connection
    }

    private func relay() {
        let client = accept(listener, nil, nil)
        guard client >= 0, let server = try? Self.connected(to: target) else { return }
        Thread.detachNewThread {
            Self.pass(from: server, to: client) { _ in }
            shutdown(client, CInt(SHUT_RDWR))
        }
        Self.pass(from: client, to: server) { [self] bytes in sent.withLock { $0.append(bytes) } }
        shutdown(server, CInt(SHUT_RDWR))
    }

    private static func pass(from source: CInt, to target: CInt, _ note: ([UInt8]) -> Void) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            note(Array(buffer[..<count]))
            guard write(target, Array(buffer[..<count])) else { return }
        }
    }
}
