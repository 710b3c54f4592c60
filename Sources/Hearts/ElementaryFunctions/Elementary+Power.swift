extension Elementary {
    /// `base` to the power of `exponent`. The base is not negative: of one that is, the result is not a number.
    public static func pow(_ base: Double, _ exponent: Double) -> Double {
        if exponent == 0 || base == 1 { return 1 }
        guard base >= 0, !exponent.isNaN else { return .nan }
        guard base > 0, base < .infinity else { return (base > 0) == (exponent > 0) ? .infinity : 0 }

        // The logarithm, and its product with the exponent, as sums of two numbers.
        let (high, low) = LogarithmParts(base).sum
        let product = exponent * high
        guard abs(product) < 750 else { return product > 0 ? .infinity : 0 }
        let (a, b) = (upperHalf(exponent), upperHalf(high))
        let (c, d) = (exponent - a, high - b)
        let error = ((a * b - product) + a * d + c * b) + c * d
        return exp(product, error + exponent * low)
    }
}
