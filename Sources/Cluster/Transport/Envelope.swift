import ClusterLogic
import Messages
import ZeroMQ

/// A message with the tensors that follow it.
package struct Envelope {
    package let header: Header
    package let run: UInt64
    package let tensors: [Message]
    /// Of the host it came from over TCP.
    package let peerAddress: String?
}

extension Socket {
    package func send(_ header: Header, run: UInt64, tensors: [Message] = []) throws(ZeroMQError) {
        try send([Message(header.encoded(run: run))] + tensors)
    }

    /// Sends a message that the next one of its kind makes good for: while the peer is away, it is dropped rather than
    /// waited for.
    package func offer(_ header: Header, run: UInt64, tensors: [Message] = []) throws(ZeroMQError) {
        _ = try trySend([Message(header.encoded(run: run))] + tensors)
    }

    /// Sends from a router to one of its peers. False if the peer is gone or does not take its messages: then it is
    /// found silent, or asks again.
    @discardableResult
    package func send(_ header: Header, run: UInt64, tensors: [Message] = [], to peer: NodeID) throws(ZeroMQError)
        -> Bool
    {
        do throws(ZeroMQError) {
            return try trySend([Message(peer.routingID), Message(header.encoded(run: run))] + tensors)
        } catch  where error.isUnroutable {
            return false
        }
    }

    /// The next message that is there already, or nil.
    package func receiveEnvelope() throws -> Envelope? {
        guard let frames = try tryReceive() else { return nil }
        return try Envelope(frames[...])
    }

    /// At a router: the next message that is there already, with its sender. What is malformed, foreign or too large is
    /// dropped and reported.
    package func receiveFromPeer() throws(ZeroMQError) -> (peer: NodeID, result: Result<Envelope, any Error>)? {
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
        peerAddress = first.peerAddress
    }
}
