import Messages
import Parameters
import Transport

/// The parameters of a version on their way from their servers to a worker, some pieces of each part ahead.
struct ParameterPull {
    let version: UInt64
    let parameters: ArrivingParameters
    private let buffer: FloatBuffer
    /// By server, in the order of their parts.
    private var parts: [Int: (range: Range<Int>, transfer: PartTransfer)]

    /// `ranges` are the parts that are fetched, by server.
    init(version: UInt64, ranges: [Int: Range<Int>], into buffer: FloatBuffer) {
        self.version = version
        self.buffer = buffer
        parameters = ArrivingParameters(to: buffer)
        parts = ranges.mapValues {
            (
                $0,
                PartTransfer(count: $0.count, withVelocity: false, pieceLength: GradientPieces.length, piecesAhead: 16)
            )
        }
    }

    var hasBegun: Bool { parts.values.contains { $0.transfer.arrived > 0 } }
    var isWhole: Bool { parts.values.allSatisfy(\.transfer.isWhole) }

    /// What to ask a server for now, from the front of its part.
    mutating func next(from server: Int) -> Range<Int>? { parts[server]!.transfer.next()?.range }

    /// What was asked for may have been lost.
    mutating func askAgain() {
        for server in parts.keys { parts[server]!.transfer.askAgain() }
    }

    /// Takes what a server sent of this version; false, and nothing happens, if it is not what comes next.
    @discardableResult
    mutating func take(_ floats: FloatFrame, first: Int, from server: Int) -> Bool {
        guard parts[server]?.transfer.take(floats.count, first: first, ofVelocity: false) == true else {
            return false
        }
        buffer.base.advanced(by: parts[server]!.range.lowerBound + first).update(from: floats.base, count: floats.count)
        withExtendedLifetime(floats) {}
        var count = 0
        for (range, transfer) in parts.values.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            count = range.lowerBound + transfer.arrived
            if !transfer.isWhole { break }
        }
        parameters.advance(to: count)
        return true
    }
}
