internal import CZeroMQ

/// What happens to a socket's connections. Used on one thread, which need not be the socket's.
public struct SocketMonitor: ~Copyable {
    public enum Event: Hashable, Sendable {
        /// Both sides speak the same protocol and, with CURVE, have the right keys.
        case connected
        /// The peer has another key, or went away. The connection is tried again.
        case failed
        /// The peer does not speak ZeroMQ, wants another security mechanism or refuses the key. ZeroMQ does not try
        /// again.
        case abandoned
        /// The peer's host has taken the connection; the handshake follows. Of sockets that connect, as the next two
        /// are.
        case reached
        /// Nobody listens there, or the host cannot be reached. It is tried again.
        case retried
        /// A connection is no more. It is tried again.
        case lost
        /// The socket reports no more.
        case ended
    }

    public let socket: Socket

    /// `name` is that which the monitored socket was given.
    public init(of name: String, in context: Context) throws(ZeroMQError) {
        let socket = try Socket(.pair, in: context, options: [.linger(.zero)])
        try socket.connect(to: "inproc://monitor-\(name)")
        self.socket = socket
    }

    /// The next event that is there already, and the endpoint that it happened at.
    public func next() throws(ZeroMQError) -> (event: Event, endpoint: String)? {
        guard let frames = try socket.tryReceive(), frames.count == 2, frames[0].count >= 2 else { return nil }
        let number = frames[0].withUnsafeBytes { CInt($0.loadUnaligned(as: UInt16.self)) }
        let endpoint = frames[1].withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let event: Event =
            switch number {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: .connected
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: .failed
            case ZMQ_EVENT_CONNECTED: .reached
            case ZMQ_EVENT_CONNECT_RETRIED: .retried
            case ZMQ_EVENT_DISCONNECTED: .lost
            case ZMQ_EVENT_MONITOR_STOPPED: .ended
            default: .abandoned
            }
        return (event, endpoint)
    }
}

extension Socket {
    /// Reports the handshakes of connections that are made from now on to the `SocketMonitor` of this name, which must
    /// be there for as long as the socket reports: once its queue is full, ZeroMQ waits for its reader.
    public func reportHandshakes(as name: String) throws(ZeroMQError) { try report(0, as: name) }

    /// Likewise, and whether the peer is reached at all.
    public func reportConnections(as name: String) throws(ZeroMQError) {
        try report(ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_DISCONNECTED, as: name)
    }

    private func report(_ further: CInt, as name: String) throws(ZeroMQError) {
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_MONITOR_STOPPED | further
        try check("zmq_socket_monitor", on: name) { zmq_socket_monitor(handle, "inproc://monitor-\(name)", events) }
    }

    /// Reports no more. A socket that is closed does so by itself, but connections that are still closing may report.
    public func stopReporting() { zmq_socket_monitor(handle, nil, 0) }
}
