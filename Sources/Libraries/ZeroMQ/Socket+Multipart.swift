internal import CZeroMQ

extension Socket {
    /// The most frames of a message that `receive` accepts.
    public static var maximumFrames: Int { 64 }

    /// Sends the frames as one message; blocks while every queue it could go to is full.
    ///
    /// A router takes the receiver's routing id as the first frame, and throws `isUnroutable` for an unknown one if
    /// it is mandatory.
    public func send(_ frames: [Message]) throws(ZeroMQError) {
        while try !transmit(frames, flags: 0) {}
    }

    /// Sends the frames as one message if that needs no waiting. False means that nothing was sent.
    public func trySend(_ frames: [Message]) throws(ZeroMQError) -> Bool {
        try transmit(frames, flags: ZMQ_DONTWAIT)
    }

    /// The frames of the next message; blocks until there is one.
    ///
    /// A message of more than `maximumFrames` frames is read to its end, dropped, and thrown as an error that has its
    /// first frame as `peer`. The socket stays usable.
    public func receive() throws(ZeroMQError) -> [Message] {
        try receive(first: Message { (message) throws(ZeroMQError) in try fill(message, flags: 0) })
    }

    /// The frames of a message that has already arrived, or nil.
    public func tryReceive() throws(ZeroMQError) -> [Message]? {
        do throws(ZeroMQError) {
            let first = try Message { (message) throws(ZeroMQError) in try fill(message, flags: ZMQ_DONTWAIT) }
            return try receive(first: first)
        } catch {
            if error.code == EAGAIN { return nil }
            throw error
        }
    }

    /// Only the first frame waits. A later one finds the queue full only if the peer has gone, and then ZeroMQ has
    /// taken back the frames before it, so that the message as a whole was not sent.
    private func transmit(_ frames: [Message], flags: CInt) throws(ZeroMQError) -> Bool {
        precondition(!frames.isEmpty, "send: a message has at least one frame")
        for (index, frame) in frames.enumerated() {
            var part = zmq_msg_t()
            frame.share(with: &part)
            let more = index < frames.count - 1 ? ZMQ_SNDMORE : 0
            let wait = index == 0 ? flags : ZMQ_DONTWAIT
            do throws(ZeroMQError) {
                try check("zmq_msg_send", on: "frame \(index + 1) of \(frames.count)") {
                    zmq_msg_send(&part, handle, more | wait)
                }
            } catch {
                zmq_msg_close(&part)
                if error.code == EAGAIN { return false }
                throw error
            }
        }
        return true
    }

    /// The message that begins with `first`. Its other frames are here already: a message arrives as a whole.
    private func receive(first: Message) throws(ZeroMQError) -> [Message] {
        var frames = [first]
        var count = 1
        while try hasMore {
            let frame = try Message { (message) throws(ZeroMQError) in try fill(message, flags: 0) }
            count += 1
            if count <= Self.maximumFrames { frames.append(frame) }
        }
        guard count <= Self.maximumFrames else {
            throw ZeroMQError(
                code: EMSGSIZE, call: "receive", subject: "a message of \(count) frames, \(Self.maximumFrames) allowed",
                peer: Array(first.array.prefix(255)))
        }
        return frames
    }

    private func fill(_ message: UnsafeMutablePointer<zmq_msg_t>, flags: CInt) throws(ZeroMQError) {
        zmq_msg_init(message)
        // A failed zmq_msg_recv leaves the message empty, with nothing to free. One that succeeds returns the length,
        // or the greatest CInt for a longer frame, so that only failures are negative; zmq_msg_size tells the truth.
        try check("zmq_msg_recv", on: "socket") { zmq_msg_recv(message, handle, flags) }
    }

    private var hasMore: Bool {
        get throws(ZeroMQError) {
            var more: CInt = 0
            var size = MemoryLayout<CInt>.size
            try check("zmq_getsockopt", on: "more frames") { zmq_getsockopt(handle, ZMQ_RCVMORE, &more, &size) }
            return more != 0
        }
    }
}
