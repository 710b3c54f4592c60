import Messages
import Parameters
import Transport
import ZeroMQ

/// A part of the parameters that a server is to hold, as far as it has come.
struct ArrivingPart {
    let range: Range<Int>
    /// Whole when the part is.
    let state: ParameterState
    private var transfer: PartTransfer

    /// Allocates the part; others of this machine are to read its first `shared` parameters where they lie.
    init(_ range: Range<Int>, hasVelocity: Bool, shared: Int) throws {
        self.range = range
        state = ParameterState(
            parameters: shared > 0 ? try .shared(shared, count: range.count) : FloatBuffer(count: range.count),
            velocity: hasVelocity ? FloatBuffer(count: range.count) : nil)
        transfer = PartTransfer(count: range.count, withVelocity: hasVelocity)
    }

    /// Takes everything from where it is at hand.
    func fill(from source: ParameterSource) throws {
        try source.write(to: state.parameters.floats, from: range.lowerBound, ofVelocity: false)
        if let velocity = state.velocity {
            try source.write(to: velocity.floats, from: range.lowerBound, ofVelocity: true)
        }
    }

    /// What to ask for now.
    mutating func next() -> PartTransfer.Piece? { transfer.next() }
    mutating func noteHeartbeat() { transfer.noteHeartbeat() }

    /// Takes the floats that come next; nothing happens if these are others. True when the part is whole.
    mutating func take(_ frame: Message, first: Int, ofVelocity: Bool) -> Bool {
        guard let floats = FloatFrame(frame, count: frame.count / MemoryLayout<Float>.stride),
            transfer.take(floats.count, first: first, ofVelocity: ofVelocity)
        else { return false }
        let target = ofVelocity ? state.velocity! : state.parameters
        (target.base + first).update(from: floats.base, count: floats.count)
        return transfer.isWhole
    }
}
