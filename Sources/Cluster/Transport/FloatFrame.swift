import Digests
import Messages
import Parameters
import ZeroMQ

/// Floats that came from elsewhere: a received frame itself where its address allows it, else a copy; or a part of a
/// buffer, perhaps one that is shared with another process.
///
/// `@unchecked Sendable`: nobody writes them while another thread reads them and uses what it has read.
/// - A received frame and a copy are never written again.
/// - A buffer of a pool is written again when no frame holds it any more (`BufferPool`).
/// - A piece of a gradient is written by its lane until it is handed to `GradientSums`; there it is in one place at a
///   time, and who takes it out under the lock is the only one that has it.
/// - What a worker lends to a parameter server in shared memory it writes again when the server has said to have it.
/// - Shared parameters are the one exception: a server takes its next step where workers may still read for the step
///   before. Who is so late reads a mixture; what it makes of it is of a step that is taken, and counts for nothing.
package struct FloatFrame: @unchecked Sendable {
    package let count: Int
    package let base: UnsafePointer<Float>
    private let owner: AnyObject

    package var array: [Float] { withExtendedLifetime(owner) { Array(floats) } }
    package var floats: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: base, count: count) }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(floats) }

    /// nil if the frame does not hold `count` floats.
    package init?(_ frame: Message, count: Int) {
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
    package init(_ buffer: FloatBuffer, _ range: Range<Int>? = nil) {
        let range = range ?? 0..<buffer.count
        precondition(range.upperBound <= buffer.count, "\(range) of \(buffer.count) floats")
        count = range.count
        base = UnsafePointer(buffer.base + range.lowerBound)
        owner = buffer
    }

    package var digest: UInt64 {
        var checksum = Checksum()
        checksum.update(bytes)
        return checksum.value
    }

    /// A buffer of one's own with the same floats.
    package func copy() -> FloatBuffer { withExtendedLifetime(owner) { FloatBuffer(floats) } }

    /// A frame that is these floats, which must not change while it is being sent; until then it counts as outgoing.
    package func message(counted outgoing: OutgoingBytes? = nil) throws -> Message {
        try Message(borrowing: bytes, keeping: Keeper(owner: owner, ticket: outgoing?.ticket(for: bytes.count)))
    }

    /// `@unchecked Sendable`: it is never asked for anything; it lets go of its owner, whose count of references is
    /// atomic.
    private final class Keeper: @unchecked Sendable {
        let owner: AnyObject
        let ticket: OutgoingBytes.Ticket?
        init(owner: AnyObject, ticket: OutgoingBytes.Ticket?) { (self.owner, self.ticket) = (owner, ticket) }
    }
}
