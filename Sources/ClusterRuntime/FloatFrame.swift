import Digests
import Messages
import Parameters
import ZeroMQ

/// Floats that came from elsewhere: a received frame itself where its address allows it, else a copy; or memory that
/// is shared with their sender.
struct FloatFrame: @unchecked Sendable {
    // Sendable: a frame and a copy are never written again. Who shares memory says when it is used for something else.
    let count: Int
    let base: UnsafePointer<Float>
    private let owner: AnyObject

    var array: [Float] { withExtendedLifetime(owner) { Array(floats) } }
    var floats: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: base, count: count) }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(floats) }

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

    /// A part of a buffer.
    init(_ buffer: FloatBuffer, _ range: Range<Int>? = nil) {
        let range = range ?? 0..<buffer.count
        precondition(range.upperBound <= buffer.count, "\(range) of \(buffer.count) floats")
        count = range.count
        base = UnsafePointer(buffer.base + range.lowerBound)
        owner = buffer
    }

    var digest: UInt64 {
        var checksum = Checksum()
        checksum.update(bytes)
        return checksum.value
    }

    /// A buffer of one's own with the same floats.
    func copy() -> FloatBuffer { withExtendedLifetime(owner) { FloatBuffer(floats) } }

    /// A frame that is these floats, which must not change while it is being sent; until then it counts as outgoing.
    func message(counted outgoing: OutgoingBytes? = nil) throws -> Message {
        try Message(borrowing: bytes, keeping: Keeper(owner: owner, ticket: outgoing?.ticket(for: bytes.count)))
    }

    private final class Keeper: @unchecked Sendable {
        // Sendable: it only keeps its owner alive.
        let owner: AnyObject
        let ticket: OutgoingBytes.Ticket?
        init(owner: AnyObject, ticket: OutgoingBytes.Ticket?) { (self.owner, self.ticket) = (owner, ticket) }
    }
}

extension FloatBuffer {
    /// A copy of floats.
    convenience init(_ floats: UnsafeBufferPointer<Float>) {
        self.init(count: floats.count)
        if let start = floats.baseAddress { base.update(from: start, count: floats.count) }
    }
}

/// A gradient's pieces: cut at every so-manyth float of the flat buffer of all, and where servers' parts end.
enum GradientPieces {
    static let length = 1 << 18

    /// The pieces of a part of the flat buffer, from its front.
    static func ranges(in part: Range<Int>) -> [Range<Int>] {
        guard !part.isEmpty else { return [] }
        return (part.lowerBound / length...(part.upperBound - 1) / length).map {
            ($0 * length..<($0 + 1) * length).clamped(to: part)
        }
    }

    /// Of a part's gradient, by the digests of its pieces from the front.
    static func digest(of pieces: [UInt64]) -> UInt64 {
        var checksum = Checksum()
        for piece in pieces { checksum.update(piece) }
        return checksum.value
    }
}

extension Header.TrainingResult {
    /// The digest of a shard's result, as far as it concerns one parameter server: those of its part of the gradient and of
    /// the factors.
    func digest(gradient: UInt64, x: UInt64, d: UInt64) -> UInt64 {
        var checksum = Checksum()
        checksum.update(gradient)
        checksum.update(x)
        checksum.update(d)
        checksum.update(UInt64(samples))
        checksum.update(UInt64(correct))
        checksum.update(lossSum.bitPattern)
        return checksum.value
    }
}
