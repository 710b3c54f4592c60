import ElementaryFunctions

/// A filter of second order, in transposed direct form II.
///
/// Coefficients are those of R. Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients".
struct Biquad {
    private let b0, b1, b2, a1, a2: Double
    private var z1 = 0.0
    private var z2 = 0.0

    enum Kind {
        case lowPass, highPass

        /// With a gain of one at the centre.
        case bandPass
    }

    /// `frequency` is the corner or the centre, in Hz, below half of `sampleRate`.
    init(_ kind: Kind, frequency: Double, sampleRate: Double, q: Double = 0.5.squareRoot()) {
        let omega = 2 * Double.pi * frequency / sampleRate
        let cosine = Elementary.cos(omega)
        let alpha = Elementary.sin(omega) / (2 * q)
        let a0 = 1 + alpha
        switch kind {
        case .lowPass:
            b1 = (1 - cosine) / a0
            b0 = b1 / 2
            b2 = b0
        case .highPass:
            b1 = -(1 + cosine) / a0
            b0 = -b1 / 2
            b2 = b0
        case .bandPass:
            b0 = alpha / a0
            b1 = 0
            b2 = -b0
        }
        a1 = -2 * cosine / a0
        a2 = (1 - alpha) / a0
    }

    mutating func next(_ x: Double) -> Double {
        let y = b0 * x + z1
        z1 = b1 * x - a1 * y + z2
        z2 = b2 * x - a2 * y
        return y
    }

    /// The state after a constant input has been seen for ever.
    mutating func settle(at x: Double) {
        let sum = b0 + b1 + b2
        // A high-pass leaves nothing of a constant, at frequencies so low, too, that no divisor is left.
        let y = sum == 0 ? 0 : sum / (1 + a1 + a2) * x
        z2 = b2 * x - a2 * y
        z1 = b1 * x - a1 * y + z2
    }

    /// Filters a whole signal, starting from rest or from where it has settled.
    mutating func apply(to signal: inout [Double]) {
        for i in signal.indices { signal[i] = next(signal[i]) }
    }
}
