internal import CZeroMQ
import Failures

/// A call that ZeroMQ refused.
public struct ZeroMQError: ExitingError, Hashable, Sendable, CustomStringConvertible {
    /// The value of `errno`, or one of ZeroMQ's own codes such as ETERM.
    public let code: CInt
    /// The function that failed, for example `zmq_bind`.
    public let call: String
    /// What it was applied to: an endpoint, an option, a message.
    public let subject: String
    /// The first frame of a message that was refused: on a router socket the sender's routing id. Else empty.
    public let peer: [UInt8]

    init(code: CInt, call: String, subject: String, peer: [UInt8] = []) {
        self.code = code
        self.call = call
        self.subject = subject
        self.peer = peer
    }

    public var description: String {
        let reason = String(cString: zmq_strerror(code))
        return "\(subject): \(call): \(reason)\(remedy.map { "; \($0)" } ?? "")"
    }
    public var exitStatus: ExitStatus { .inputOutput }

    /// The context was shut down: the normal end of a thread that waits on a socket.
    public var isTermination: Bool { code == hbn_zmq_eterm() }

    /// The peer that a router should send to is not connected (any more).
    public var isUnroutable: Bool { code == EHOSTUNREACH }

    private var remedy: String? {
        switch code {
        case EADDRINUSE: "another program listens there: stop it or choose another port"
        case EADDRNOTAVAIL, ENODEV: "use an address of this machine, or 0.0.0.0 for all of them"
        case EACCES: "choose a port above 1023, or a folder that may be written to"
        case EINVAL: "check the spelling; an endpoint is tcp://HOST:PORT, ipc://PATH or inproc://NAME"
        case EPROTONOSUPPORT: "use tcp://, ipc:// or inproc://"
        case EHOSTUNREACH: "the peer is not connected; wait until it has joined again"
        case EMFILE: "raise the limit of open files (ulimit -n)"
        case EMSGSIZE: "the sender must split it"
        default: nil
        }
    }
}

/// Calls `body` again while a signal interrupts it, and throws on every other failure.
@discardableResult
func check(_ call: String, on subject: @autoclosure () -> String, _ body: () -> CInt) throws(ZeroMQError) -> CInt {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = zmq_errno()
        if code != EINTR { throw ZeroMQError(code: code, call: call, subject: subject()) }
    }
}
