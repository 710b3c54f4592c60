internal import CZeroMQ

/// A ZeroMQ socket. Created, used and closed on one thread.
public struct Socket: ~Copyable {
    public enum Kind: Sendable {
        case router, dealer, pair, push, pull, pub, sub

        fileprivate var code: CInt {
            switch self {
            case .router: ZMQ_ROUTER
            case .dealer: ZMQ_DEALER
            case .pair: ZMQ_PAIR
            case .push: ZMQ_PUSH
            case .pull: ZMQ_PULL
            case .pub: ZMQ_PUB
            case .sub: ZMQ_SUB
            }
        }
    }

    let handle: UnsafeMutableRawPointer
    let context: Context  // Outlives the socket: terminating it waits for every socket.

    public init(_ kind: Kind, in context: Context, options: [SocketOption] = []) throws(ZeroMQError) {
        guard let handle = zmq_socket(context.handle, kind.code) else {
            throw ZeroMQError(code: zmq_errno(), call: "zmq_socket", subject: "\(kind) socket")
        }
        do throws(ZeroMQError) {
            for option in options { try option.apply(to: handle) }
        } catch {
            zmq_close(handle)
            throw error
        }
        self.handle = handle
        self.context = context
    }

    deinit {
        stopReporting()
        zmq_close(handle)
    }

    public func set(_ option: SocketOption) throws(ZeroMQError) {
        try option.apply(to: handle)
    }

    /// Listens at `endpoint`; port `*` or 0 lets the system choose, see `lastEndpoint`.
    public func bind(to endpoint: String) throws(ZeroMQError) {
        try check("zmq_bind", on: endpoint) { zmq_bind(handle, endpoint) }
    }

    /// Begins to connect, and keeps reconnecting, in the background: it does not fail when nobody listens yet.
    public func connect(to endpoint: String) throws(ZeroMQError) {
        try check("zmq_connect", on: endpoint) { zmq_connect(handle, endpoint) }
    }

    /// Where the socket was last bound or connected to, with the port that the system chose.
    public var lastEndpoint: String {
        get throws(ZeroMQError) {
            var text = [UInt8](repeating: 0, count: 1024)
            var count = text.count
            try check("zmq_getsockopt", on: "last endpoint") {
                zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &count)
            }
            return String(decoding: text[..<count].prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Waits until a message can be received. False when `timeout` has passed without one.
    public func isReadable(within timeout: Duration) throws(ZeroMQError) -> Bool {
        var poller = Poller()
        poller.add(self)
        return try poller.wait(timeout: timeout) == [0]
    }
}
