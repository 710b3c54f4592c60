extension Elementary {
    /// e to the power of `x`.
    public static func exp(_ x: Double) -> Double { exp(x, 0) }

    /// e to the power of `x + correction`, where the correction is at most a few units in the last place of `x`.
    static func exp(_ x: Double, _ correction: Double) -> Double {
        guard x > -750 else { return x.isNaN ? x : 0 }
        guard x < 750 else { return .infinity }
        // x = power ln 2 + r + rest, with r within ln 2 / 2 of zero.
        let power = nearest(x * 0x1.71547652b82fep0)
        let high = x - power * ln2.high
        let low = correction - power * ln2.low
        let r = high + low
        let rest = (high - r) + low
        var series = 1.0 / 479_001_600 + r / 6_227_020_800
        series = 1.0 / 39_916_800 + r * series
        series = 1.0 / 3_628_800 + r * series
        series = 1.0 / 362_880 + r * series
        series = 1.0 / 40_320 + r * series
        series = 1.0 / 5040 + r * series
        series = 1.0 / 720 + r * series
        series = 1.0 / 120 + r * series
        series = 1.0 / 24 + r * series
        series = 1.0 / 6 + r * series
        series = 0.5 + r * series
        let sum = 1 + r
        let result = sum + (((1 - sum) + r) + (r * r * series + rest))
        return scaled(result, by: Int(power))
    }

    /// `x` times 2 to a power of at most 1100 either way, rounded once.
    private static func scaled(_ x: Double, by power: Int) -> Double {
        func factor(_ power: Int) -> Double { Double(bitPattern: UInt64(1023 + power) << 52) }
        if power > 1023 { return x * factor(1023) * factor(power - 1023) }
        if power < -1022 { return x * factor(power + 1000) * factor(-1000) }
        return x * factor(power)
    }
}
