import ClusterLogic
import Messages
import Parameters
import ZeroMQ

/// A message with the tensors that follow it.
struct Envelope {
    let header: Header
    let run: UInt64
    let tensors: [Message]
}

extension Socket {
    func send(_ header: Header, run: UInt64, tensors: [Message] = []) throws(ZeroMQError) {
        try send([Message(header.encoded(run: run))] + tensors)
    }

    /// Sends a message that the next one of its kind makes good for: while the peer is away, it is dropped rather than
    /// waited for.
    func offer(_ header: Header, run: UInt64) throws(ZeroMQError) {
        _ = try trySend([Message(header.encoded(run: run))])
    }

    /// Sends from a router to one of its peers. False if the peer is gone or does not take its messages: then it is
    /// found silent, or asks again.
    @discardableResult
    func send(_ header: Header, run: UInt64, tensors: [Message] = [], to peer: NodeID) throws(ZeroMQError) -> Bool {
        do throws(ZeroMQError) {
            return try trySend([Message(peer.routingID), Message(header.encoded(run: run))] + tensors)
        } catch  where error.isUnroutable {
            return false
        }
    }

    /// The next message that is there already, or nil.
    func receiveEnvelope() throws -> Envelope? {
        guard let frames = try tryReceive() else { return nil }
        return try Envelope(frames[...])
    }

    /// At a router: the next message that is there already, with its sender. What is malformed, foreign or too large is
    /// dropped and reported.
    func receiveFromPeer() throws(ZeroMQError) -> (peer: NodeID, result: Result<Envelope, any Error>)? {
        while true {
            do throws(ZeroMQError) {
                guard let frames = try tryReceive() else { return nil }
                guard let peer = NodeID(routingID: frames[0].array) else { continue }
                return (peer, Result { try Envelope(frames.dropFirst()) })
            } catch  where !error.peer.isEmpty {
                guard let peer = NodeID(routingID: error.peer) else { continue }
                return (peer, .failure(error))
            }
        }
    }
}

extension Envelope {
    fileprivate init(_ frames: ArraySlice<Message>) throws {
        guard let first = frames.first else { throw HeaderError(reason: .malformed) }
        (header, run) = try first.withUnsafeBytes { bytes throws(HeaderError) in try Header.decode(bytes) }
        tensors = Array(frames.dropFirst())
    }
}

/// The floats of a received frame: the frame itself where its address allows it, else a copy.
struct FloatFrame: @unchecked Sendable {
    // Sendable: both a frame and a copy are never written again.
    let count: Int
    let base: UnsafePointer<Float>
    private let owner: AnyObject

    var array: [Float] { withExtendedLifetime(owner) { Array(UnsafeBufferPointer(start: base, count: count)) } }

    /// nil if the frame does not hold `count` floats.
    init?(_ frame: Message, count: Int) {
        guard frame.count == count * MemoryLayout<Float>.stride else { return nil }
        self.count = count
        let start = frame.withUnsafeBytes { $0.baseAddress }
        if let start, Int(bitPattern: start) % MemoryLayout<Float>.alignment == 0 {
            // The bytes stay in place as long as the frame lives.
            base = start.assumingMemoryBound(to: Float.self)
            owner = frame
        } else {
            let copy = FloatBuffer(count: count)
            frame.withUnsafeBytes { UnsafeMutableRawBufferPointer(copy.floats).copyMemory(from: $0) }
            base = UnsafePointer(copy.base)
            owner = copy
        }
    }
}

extension FloatBuffer {
    /// A frame that is a part of this buffer, which must not change while it is being sent.
    func frame(_ range: Range<Int>? = nil) throws -> Message {
        let range = range ?? 0..<count
        return try Message(
            borrowing: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(floats)[range])),
            keeping: self)
    }
}
