internal import CZeroMQ
import Synchronization

/// One frame: bytes that never change, so that it can be read by several threads and sent several times, each time
/// without a copy.
///
/// `@unchecked Sendable`: `bytes` is written by `init` only and lies still until `deinit`; the descriptor, in which
/// zmq_msg_copy counts the references, is touched only with `lock` held, and by `deinit`.
public final class Message: @unchecked Sendable {
    fileprivate let descriptor: UnsafeMutablePointer<zmq_msg_t>
    private let bytes: UnsafeRawBufferPointer
    fileprivate let lock = Mutex<Void>(())

    /// Adopts a message that `fill` has initialised.
    init(_ fill: (UnsafeMutablePointer<zmq_msg_t>) throws(ZeroMQError) -> Void) throws(ZeroMQError) {
        descriptor = .allocate(capacity: 1)
        do throws(ZeroMQError) {
            try fill(descriptor)
        } catch {
            descriptor.deallocate()
            throw error
        }
        bytes = UnsafeRawBufferPointer(start: zmq_msg_data(descriptor), count: zmq_msg_size(descriptor))
    }

    deinit {
        zmq_msg_close(descriptor)
        descriptor.deallocate()
    }

    public var count: Int { bytes.count }

    /// The bytes, valid inside `body` only. They have no alignment: load values with `loadUnaligned`.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes)
    }

    /// Makes `copy`, which is uninitialised memory, a second reference to the same content.
    func share(with copy: UnsafeMutablePointer<zmq_msg_t>) {
        zmq_msg_init(copy)
        let status = lock.withLock { _ in zmq_msg_copy(copy, descriptor) }
        precondition(status == 0, "zmq_msg_copy: not a message")
    }
}

extension Message {
    /// A frame of `count` bytes, written by `body`.
    public convenience init(count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) throws(ZeroMQError) {
        try self.init { (message) throws(ZeroMQError) in
            try check("zmq_msg_init_size", on: "a frame of \(count) bytes") { zmq_msg_init_size(message, count) }
            body(UnsafeMutableRawBufferPointer(start: zmq_msg_data(message), count: count))
        }
    }

    /// A frame with a copy of `bytes`.
    public convenience init(_ bytes: UnsafeRawBufferPointer) throws(ZeroMQError) {
        try self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    /// A frame with a copy of `bytes`.
    public convenience init(_ bytes: [UInt8]) throws(ZeroMQError) {
        try self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    /// A frame that is `bytes` itself, not a copy.
    ///
    /// The bytes must stay in place and unchanged for as long as `owner` lives. The frame keeps `owner` until it has
    /// been written to the network or, within a process, read by the receiver; the last reference may be dropped on one
    /// of ZeroMQ's I/O threads.
    public convenience init(
        borrowing bytes: UnsafeRawBufferPointer, keeping owner: any AnyObject & Sendable
    ) throws(ZeroMQError) {
        try self.init { (message) throws(ZeroMQError) in
            let hint = Unmanaged.passRetained(owner as AnyObject)
            let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            do throws(ZeroMQError) {
                try check("zmq_msg_init_data", on: "a frame of \(bytes.count) bytes") {
                    zmq_msg_init_data(
                        message, start, bytes.count, { _, hint in Unmanaged<AnyObject>.fromOpaque(hint!).release() },
                        hint.toOpaque())
                }
            } catch {
                hint.release()
                throw error
            }
        }
    }

    /// The address of the host that a received frame came from over TCP, such as 127.0.0.1; nil otherwise.
    public var peerAddress: String? {
        let text = lock.withLock { _ in zmq_msg_gets(descriptor, "Peer-Address").map { String(cString: $0) } }
        guard let text, !text.isEmpty else { return nil }
        return text.hasPrefix("::ffff:") ? String(text.dropFirst(7)) : text
    }

    public var array: [UInt8] { withUnsafeBytes { Array($0) } }
}
