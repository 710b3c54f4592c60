extension Elementary {
    /// The sine of an angle in radians.
    ///
    /// Of magnitudes above 100,000, where nobody means one angle, multiples of the number next to 2 pi are taken off
    /// first.
    public static func sin(_ x: Double) -> Double {
        guard x.isFinite else { return .nan }
        // Keeps the sign of zero.
        if abs(x) < 0x1p-27 { return x }
        let angle = ReducedAngle(x)
        switch angle.quadrant {
        case 0: return angle.sine
        case 1: return angle.cosine
        case 2: return -angle.sine
        default: return -angle.cosine
        }
    }

    /// The cosine of an angle in radians; of great ones as `sin`.
    public static func cos(_ x: Double) -> Double {
        guard x.isFinite else { return .nan }
        let angle = ReducedAngle(x)
        switch angle.quadrant {
        case 0: return angle.cosine
        case 1: return -angle.sine
        case 2: return -angle.cosine
        default: return angle.sine
        }
    }

    /// An angle as a number of right angles, and r + rest, which is within pi / 4 of zero.
    private struct ReducedAngle {
        let quadrant: Int
        let r: Double
        let rest: Double

        init(_ x: Double) {
            // A remainder is exact.
            let x = abs(x) <= 100_000 ? x : x.truncatingRemainder(dividingBy: 2 * .pi)
            // pi / 2 as a sum of three, the first two of 33 bits, of which multiples are exact.
            let count = nearest(x * 0x1.45f306dc9c883p-1)
            let first = x - count * 0x1.921fb544p0
            let second = count * 0x1.0b4611a6p-34
            let difference = first - second
            let part = difference - first
            let lost = (first - (difference - part)) - (second + part)
            let low = lost - count * 0x1.3198a2e037073p-69
            r = difference + low
            rest = (difference - r) + low
            quadrant = Int(count) & 3
        }

        var sine: Double {
            let z = r * r
            var series = -1.0 / 1_307_674_368_000 + z / 355_687_428_096_000
            series = 1.0 / 6_227_020_800 + z * series
            series = -1.0 / 39_916_800 + z * series
            series = 1.0 / 362_880 + z * series
            series = -1.0 / 5040 + z * series
            series = 1.0 / 120 + z * series
            series = -1.0 / 6 + z * series
            return r + (r * z * series + rest * (1 - 0.5 * z))
        }

        var cosine: Double {
            let z = r * r
            var series = 1.0 / 20_922_789_888_000 - z / 6_402_373_705_728_000
            series = -1.0 / 87_178_291_200 + z * series
            series = 1.0 / 479_001_600 + z * series
            series = -1.0 / 3_628_800 + z * series
            series = 1.0 / 40_320 + z * series
            series = -1.0 / 720 + z * series
            series = 1.0 / 24 + z * series
            let half = 0.5 * z
            let difference = 1 - half
            return difference + (((1 - difference) - half) + (z * z * series - r * rest))
        }
    }
}
