import Digests
import Messages

/// A gradient's pieces: cut at every so-manyth float of the flat buffer of all, and where servers' parts end.
package enum GradientPieces {
    package static let length = 1 << 18

    /// The pieces of a part of the flat buffer, from its front.
    package static func ranges(in part: Range<Int>) -> [Range<Int>] {
        guard !part.isEmpty else { return [] }
        return (part.lowerBound / length...(part.upperBound - 1) / length).map {
            ($0 * length..<($0 + 1) * length).clamped(to: part)
        }
    }

    /// Of a part's gradient, by the digests of its pieces from the front.
    package static func digest(of pieces: [UInt64]) -> UInt64 {
        var checksum = Checksum()
        for piece in pieces { checksum.update(piece) }
        return checksum.value
    }
}

extension Header.TrainingResult {
    /// The digest of a shard's result, as far as it concerns one parameter server: those of its part of the gradient
    /// and of the factors.
    package func digest(gradient: UInt64, x: UInt64, d: UInt64) -> UInt64 {
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
