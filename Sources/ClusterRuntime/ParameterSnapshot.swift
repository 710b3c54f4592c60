import Messages
import Parameters

/// The parameters of a version, in the parts that their servers hold. The floats stay as they are for as long as the
/// snapshot is held.
struct ParameterSnapshot {
    struct Part {
        let range: Range<Int>
        let parameters: FloatFrame
        let velocity: FloatFrame?
    }

    let version: UInt64
    /// One behind the other.
    let parts: [Part]

    init(version: UInt64, parts: [Part]) {
        self.version = version
        self.parts = parts
    }

    init(_ state: ParameterState) {
        version = state.version
        parts = [
            Part(
                range: 0..<state.parameters.count, parameters: FloatFrame(state.parameters),
                velocity: state.velocity.map { FloatFrame($0) })
        ]
    }

    var hasVelocity: Bool { parts.allSatisfy { $0.velocity != nil } }

    /// The floats of a range, in pieces.
    func pieces(of range: Range<Int>, velocity: Bool) -> [UnsafeBufferPointer<Float>] {
        parts.compactMap { part in
            let common = part.range.clamped(to: range)
            guard !common.isEmpty, let floats = velocity ? part.velocity : part.parameters else { return nil }
            return UnsafeBufferPointer(
                start: floats.base + common.lowerBound - part.range.lowerBound, count: common.count)
        }
    }

    /// A copy of the floats of a range.
    func copy(of range: Range<Int>, velocity: Bool) -> FloatFrame {
        withExtendedLifetime(self) { FloatFrame(.joining(pieces(of: range, velocity: velocity))) }
    }
}
