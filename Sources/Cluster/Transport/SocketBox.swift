import ZeroMQ

/// A socket that may be kept in a property of a class and passed on by reference; still of one thread.
package final class SocketBox {
    package let socket: Socket
    /// What must be there for as long as the socket is: whoever reads what it reports.
    private let keeper: AnyObject?

    package init(_ socket: consuming Socket, keeping keeper: AnyObject? = nil) {
        self.socket = socket
        self.keeper = keeper
    }
}
