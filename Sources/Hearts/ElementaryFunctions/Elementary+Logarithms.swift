extension Elementary {
    /// The natural logarithm; not a number below zero.
    public static func log(_ x: Double) -> Double {
        guard x > 0, x < .infinity else { return logarithmAtTheEdge(x) }
        return LogarithmParts(x).sum.high
    }

    /// The logarithm to the base of ten; not a number below zero.
    public static func log10(_ x: Double) -> Double {
        guard x > 0, x < .infinity else { return logarithmAtTheEdge(x) }
        let parts = LogarithmParts(x)
        // log10 e has its upper 26 bits in the first number, log10 2 its upper 29.
        let high = upperHalf(parts.high)
        let low = (parts.high - high) + parts.low
        let fraction = high * 0x1.bcb7b1p-2
        let rest = high * 0x1.49b9438ca9aaep-28 + low * 0x1.bcb7b1526e50ep-2
        let whole = parts.power * 0x1.34413508p-2
        let sum = whole + fraction
        return sum + (((whole - sum) + fraction) + (rest + parts.power * 0x1.f79fef311f12bp-34))
    }

    public static func log10(_ x: Float) -> Float { Float(log10(Double(x))) }

    private static func logarithmAtTheEdge(_ x: Double) -> Double {
        if x == 0 { return -.infinity }
        return x < 0 ? .nan : x
    }

    /// The logarithm of a positive number: power ln 2 + high + low.
    struct LogarithmParts {
        let power: Double
        let high: Double
        let low: Double

        /// The logarithm as the sum of two numbers, of which the first is the nearest.
        var sum: (high: Double, low: Double) {
            let whole = power * ln2.high
            let sum = whole + high
            let rest = ((whole - sum) + high) + (low + power * ln2.low)
            let nearest = sum + rest
            return (nearest, (sum - nearest) + rest)
        }

        init(_ x: Double) {
            // The numbers below the normal ones, too, have a leading one then.
            let isSmall = x < .leastNormalMagnitude
            let bits = (isSmall ? x * 0x1p54 : x).bitPattern
            // x = 2^exponent (1 + f), with 1 + f from the square root of 1/2 to that of 2.
            let exponent = Int64(bitPattern: bits &- (0.5).squareRoot().bitPattern) >> 52
            let f = Double(bitPattern: bits &- UInt64(bitPattern: exponent << 52)) - 1
            power = Double(isSmall ? exponent - 54 : exponent)

            // ln(1 + f) = 2 s + 2 s^3 / 3 + 2 s^5 / 5 + … = f - f^2 / 2 + s (f^2 / 2 + 2 s^2 / 3 + 2 s^4 / 5 + …)
            let s = f / (2 + f)
            let z = s * s
            var series = 2.0 / 19 + z * (2.0 / 21)
            series = 2.0 / 17 + z * series
            series = 2.0 / 15 + z * series
            series = 2.0 / 13 + z * series
            series = 2.0 / 11 + z * series
            series = 2.0 / 9 + z * series
            series = 2.0 / 7 + z * series
            series = 2.0 / 5 + z * series
            series = 2.0 / 3 + z * series
            let tail = s * (0.5 * f * f + z * series)

            // f^2 / 2 as an exact part and a small one, so that the first two terms lose nothing.
            let upper = upperHalf(f)
            let square = 0.5 * upper * upper
            let difference = f - square
            let rest = ((f - difference) - square) - 0.5 * (f - upper) * (f + upper) + tail
            high = difference + rest
            low = (difference - high) + rest
        }
    }
}
