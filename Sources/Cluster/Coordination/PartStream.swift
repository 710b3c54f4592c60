import Foundation
import Programs
import Transport

/// A part of the parameters on its way from another host to a thread that reads it once, in order: first all
/// parameters, then the velocity. What was read is held no longer.
///
/// `@unchecked Sendable`: what several threads change is guarded by `condition`; `offset` and `position` are the
/// reader's.
final class PartStream: @unchecked Sendable {
    private let condition = NSCondition()
    private let wakeup: Wakeup
    private let count: Int
    private var transfer: PartTransfer
    private var frames: [FloatFrame] = []
    /// Floats of the first frame that were read.
    private var offset = 0
    /// Floats that were read of the whole stream, or passed over.
    private var position = 0
    /// Floats that have come and were not read.
    private var waiting = 0
    private var failure: (any Error)?

    /// Calls `wakeup` when there is place for more.
    init(count: Int, withVelocity: Bool, waking wakeup: Wakeup) {
        self.count = count
        transfer = PartTransfer(count: count, withVelocity: withVelocity)
        self.wakeup = wakeup
    }

    /// What to ask for now.
    func next() -> PartTransfer.Piece? { condition.withLock { transfer.next(waiting: waiting) } }

    func noteHeartbeat() { condition.withLock { transfer.noteHeartbeat() } }

    /// Takes what has come; nothing happens if it is not what comes next.
    func take(_ frame: FloatFrame, first: Int, ofVelocity: Bool) {
        condition.withLock {
            guard transfer.take(frame.count, first: first, ofVelocity: ofVelocity) else { return }
            frames.append(frame)
            waiting += frame.count
            condition.signal()
        }
    }

    /// No more will come: whoever reads learns why.
    func fail(_ error: any Error) {
        condition.withLock {
            failure = failure ?? error
            condition.signal()
        }
    }

    /// Waits for a range of the part's floats and hands them on in pieces. What lies before it is passed over.
    func read(
        _ range: Range<Int>, ofVelocity: Bool, _ sink: (UnsafeBufferPointer<Float>) throws -> Void
    ) throws {
        let first = range.lowerBound + (ofVelocity ? count : 0)
        precondition(first >= position, "the floats from \(first) on are asked for behind \(position)")
        try take(first - position) { _ in }
        try take(range.count, sink)
    }

    /// The next `count` floats.
    private func take(_ count: Int, _ sink: (UnsafeBufferPointer<Float>) throws -> Void) throws {
        position += count
        var missing = count
        while missing > 0 {
            let frame = try condition.withLock {
                while frames.isEmpty && failure == nil { condition.wait() }
                if let failure { throw failure }
                return frames[0]
            }
            let piece = frame.floats[offset..<min(offset + missing, frame.count)]
            try sink(UnsafeBufferPointer(rebasing: piece))
            missing -= piece.count
            offset += piece.count
            condition.withLock {
                waiting -= piece.count
                if offset == frame.count { frames.removeFirst() }
            }
            if offset == frame.count { offset = 0 }
            wakeup.call()
        }
    }
}
