internal import CZeroMQ

/// The I/O threads that the sockets of a process share.
///
/// A socket keeps its context, so the context ends after its last socket. `shutdown` makes every thread that waits on
/// one of its sockets return with an error whose `isTermination` is true.
///
/// `@unchecked Sendable`: zmq_ctx_new(3) says that a context is thread safe and may be shared among threads.
public final class Context: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    /// A connection stays on one I/O thread, which moves 3.5 GB/s, or 0.8 GB/s encrypted (`hbn benchmark wire`).
    public init(ioThreads: Int = 1) throws(ZeroMQError) {
        guard let handle = zmq_ctx_new() else {
            throw ZeroMQError(code: zmq_errno(), call: "zmq_ctx_new", subject: "ZeroMQ context")
        }
        self.handle = handle
        let settings: [(CInt, CInt)] = [
            (ZMQ_IO_THREADS, CInt(clamping: ioThreads)),
            (ZMQ_IPV6, 1),
            // Ending the context drops what is unsent, unless a socket asks for a linger of its own.
            (ZMQ_BLOCKY, 0),
        ]
        for (option, value) in settings {
            try check("zmq_ctx_set", on: "option \(option) = \(value)") { zmq_ctx_set(handle, option, value) }
        }
    }

    /// Ends every blocking call on the context's sockets, now and later. May be called from any thread.
    public func shutdown() {
        zmq_ctx_shutdown(handle)
    }

    deinit {
        // zmq_ctx_term waits for the sockets' linger and may be interrupted by a signal.
        while zmq_ctx_term(handle) != 0 && zmq_errno() == EINTR {}
    }
}
