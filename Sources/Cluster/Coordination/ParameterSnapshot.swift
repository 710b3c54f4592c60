import Messages
import Parameters
import Transport

/// The parameters of a version, in the parts that their servers hold, to be read once and in order.
package struct ParameterSnapshot {
    struct Part {
        let range: Range<Int>
        let floats: Floats
    }

    enum Floats {
        /// As the server of this process has them; they stay as they are for as long as they are held.
        case held(parameters: FloatFrame, velocity: FloatFrame?)
        /// Of a server on another host.
        case streamed(PartStream)
    }

    package let version: UInt64
    package let hasVelocity: Bool
    /// One behind the other.
    let parts: [Part]

    /// It must be read while the servers still have this version.
    package var isStreamed: Bool { parts.contains { if case .streamed = $0.floats { true } else { false } } }

    /// Hands on the floats of a range, in pieces.
    package func read(
        _ range: Range<Int>, ofVelocity: Bool, _ sink: (UnsafeBufferPointer<Float>) throws -> Void
    ) throws {
        for part in parts {
            let common = part.range.clamped(to: range)
            if common.isEmpty { continue }
            let first = common.lowerBound - part.range.lowerBound
            switch part.floats {
            case .streamed(let stream):
                try stream.read(first..<first + common.count, ofVelocity: ofVelocity, sink)
            case .held(let parameters, let velocity):
                let frame = ofVelocity ? velocity! : parameters
                try withExtendedLifetime(frame) {
                    try sink(UnsafeBufferPointer(rebasing: frame.floats[first..<first + common.count]))
                }
            }
        }
    }
}
