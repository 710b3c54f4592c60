internal import CZeroMQ

/// A setting of a socket, made before it binds or connects. zmq_setsockopt(3) describes each in full.
public enum SocketOption: Hashable, Sendable {
    /// How long closing keeps trying to send what is queued; nil is for ever. ZeroMQ's own default here is zero.
    case linger(Duration?)
    /// Messages queued for a peer before sending blocks; 0 is no limit.
    case sendHighWaterMark(Int)
    /// Messages queued from a peer before it is made to wait; 0 is no limit.
    case receiveHighWaterMark(Int)
    /// The name, 1 to 255 bytes, by which a router knows this socket.
    case routingID([UInt8])
    /// Whether a router throws when it cannot reach a peer, rather than drop the message.
    case routerMandatory(Bool)
    /// Whether a new peer takes over a routing id in use, as a restarted worker does.
    case routerHandover(Bool)
    /// The longest frame taken from a peer, in bytes. A peer that sends a longer one is disconnected.
    case maximumFrameSize(Int)
    case ipv6(Bool)
    /// How often the connection is probed; zero is never.
    case heartbeatInterval(Duration)
    /// How long a probe may stay unanswered before the connection is given up.
    case heartbeatTimeout(Duration)
    /// Whether messages are queued for completed connections only.
    case immediate(Bool)
    case reconnectInterval(Duration)
    /// The reconnect interval doubles up to this; zero keeps it constant.
    case maximumReconnectInterval(Duration)
    /// TCP's own probes: seconds of silence before the first, and between them.
    case tcpKeepalive(idle: Duration, interval: Duration)
    /// How long a new connection may take to complete the handshake.
    case handshakeInterval(Duration)
    /// Connections are encrypted, and each is admitted by whoever answers for the domain at inproc://zeromq.zap.01.
    case curveServer(CurveKeyPair, domain: String)
    /// Connections are encrypted, to a server that has the secret of this public key.
    case curveClient(CurveKeyPair, server: [UInt8])
    /// The topics a subscriber takes: messages that begin with these bytes.
    case subscribe([UInt8])

    func apply(to handle: UnsafeMutableRawPointer) throws(ZeroMQError) {
        switch self {
        case .linger(let time): try set(handle, ZMQ_LINGER, time.map(\.wholeMilliseconds) ?? -1)
        case .sendHighWaterMark(let count): try set(handle, ZMQ_SNDHWM, CInt(clamping: count))
        case .receiveHighWaterMark(let count): try set(handle, ZMQ_RCVHWM, CInt(clamping: count))
        case .routingID(let bytes): try set(handle, ZMQ_ROUTING_ID, bytes)
        case .routerMandatory(let on): try set(handle, ZMQ_ROUTER_MANDATORY, CInt(on ? 1 : 0))
        case .routerHandover(let on): try set(handle, ZMQ_ROUTER_HANDOVER, CInt(on ? 1 : 0))
        case .maximumFrameSize(let bytes): try set(handle, ZMQ_MAXMSGSIZE, Int64(bytes))
        case .ipv6(let on): try set(handle, ZMQ_IPV6, CInt(on ? 1 : 0))
        case .heartbeatInterval(let time): try set(handle, ZMQ_HEARTBEAT_IVL, time.wholeMilliseconds)
        case .heartbeatTimeout(let time): try set(handle, ZMQ_HEARTBEAT_TIMEOUT, time.wholeMilliseconds)
        case .immediate(let on): try set(handle, ZMQ_IMMEDIATE, CInt(on ? 1 : 0))
        case .reconnectInterval(let time): try set(handle, ZMQ_RECONNECT_IVL, time.wholeMilliseconds)
        case .maximumReconnectInterval(let time): try set(handle, ZMQ_RECONNECT_IVL_MAX, time.wholeMilliseconds)
        case .tcpKeepalive(let idle, let interval):
            try set(handle, ZMQ_TCP_KEEPALIVE, CInt(1))
            try set(handle, ZMQ_TCP_KEEPALIVE_IDLE, CInt(clamping: idle.components.seconds))
            try set(handle, ZMQ_TCP_KEEPALIVE_INTVL, CInt(clamping: interval.components.seconds))
        case .handshakeInterval(let time): try set(handle, ZMQ_HANDSHAKE_IVL, time.wholeMilliseconds)
        case .curveServer(let keys, let domain):
            try set(handle, ZMQ_CURVE_SERVER, CInt(1))
            try set(handle, ZMQ_CURVE_SECRETKEY, keys.secretKey)
            try set(handle, ZMQ_ZAP_DOMAIN, Array(domain.utf8))
            // Without an answer nobody is admitted, rather than everybody.
            try set(handle, hbn_zmq_zap_enforce_domain(), CInt(1))
        case .curveClient(let keys, let server):
            try set(handle, ZMQ_CURVE_SERVERKEY, server)
            try set(handle, ZMQ_CURVE_PUBLICKEY, keys.publicKey)
            try set(handle, ZMQ_CURVE_SECRETKEY, keys.secretKey)
        case .subscribe(let prefix): try set(handle, ZMQ_SUBSCRIBE, prefix)
        }
    }

    private func set(_ handle: UnsafeMutableRawPointer, _ option: CInt, _ value: CInt) throws(ZeroMQError) {
        var value = value
        try check("zmq_setsockopt", on: "\(self)") { zmq_setsockopt(handle, option, &value, MemoryLayout<CInt>.size) }
    }

    private func set(_ handle: UnsafeMutableRawPointer, _ option: CInt, _ value: Int64) throws(ZeroMQError) {
        var value = value
        try check("zmq_setsockopt", on: "\(self)") { zmq_setsockopt(handle, option, &value, MemoryLayout<Int64>.size) }
    }

    private func set(_ handle: UnsafeMutableRawPointer, _ option: CInt, _ value: [UInt8]) throws(ZeroMQError) {
        try check("zmq_setsockopt", on: "\(self)") { zmq_setsockopt(handle, option, value, value.count) }
    }
}

extension Duration {
    /// Milliseconds, rounded up so that a wait is never cut to nothing, within 0 and 24 days.
    var wholeMilliseconds: CInt {
        let (seconds, attoseconds) = components
        guard seconds < Int64(CInt.max) / 1000 else { return .max }
        return CInt(clamping: max(0, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
