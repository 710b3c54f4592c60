internal import CZeroMQ

/// Waits for several sockets and file descriptors at once.
///
/// It keeps bare handles: the sockets must outlive it, and it belongs to their thread.
public struct Poller {
    public enum Interest: Sendable {
        case reading, writing
    }

    private var items: [zmq_pollitem_t] = []

    public init() {}

    /// Watches `socket`, and answers the index by which `wait` will name it. For both interests, add it twice.
    @discardableResult
    public mutating func add(_ socket: borrowing Socket, for interest: Interest = .reading) -> Int {
        append(socket: socket.handle, descriptor: 0, interest)
    }

    /// Watches a file descriptor, for example an eventfd by which other threads wake this one.
    @discardableResult
    public mutating func add(fileDescriptor: CInt, for interest: Interest = .reading) -> Int {
        append(socket: nil, descriptor: fileDescriptor, interest)
    }

    /// Waits until something is ready, and answers the ready indices in order: none when `timeout` has passed. Without
    /// a timeout it waits for ever.
    public mutating func wait(timeout: Duration? = nil) throws(ZeroMQError) -> [Int] {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        try check("zmq_poll", on: "\(items.count) sockets") {
            // Worked out anew after a signal, which must not lengthen the wait.
            let remaining = deadline.map { (ContinuousClock.now.duration(to: $0)).wholeMilliseconds } ?? -1
            return zmq_poll(&items, CInt(items.count), Int(remaining))
        }
        return items.indices.filter { items[$0].revents != 0 }
    }

    private mutating func append(socket: UnsafeMutableRawPointer?, descriptor: CInt, _ interest: Interest) -> Int {
        let events = CShort(interest == .reading ? ZMQ_POLLIN : ZMQ_POLLOUT)
        items.append(zmq_pollitem_t(socket: socket, fd: descriptor, events: events, revents: 0))
        return items.count - 1
    }
}
