/// A part of a whole, counted.
public struct Proportion: Hashable, Sendable {
    public let part: Int
    public let whole: Int

    public init(_ part: Int, of whole: Int) {
        precondition(0 <= part && part <= whole, "proportion: \(part) of \(whole)")
        self.part = part
        self.whole = whole
    }

    /// Nil, not zero, when the whole is empty: nothing is known about it.
    public var value: Double? { whole > 0 ? Double(part) / Double(whole) : nil }

    /// Where the true share lies with 95 % confidence (Wilson, "Probable inference, the law of succession, and
    /// statistical inference", 1927); nil when the whole is empty.
    public var interval: ConfidenceInterval? {
        value.map { Self.interval(share: $0, of: Double(whole)) }
    }

    /// The same for a share of so many, which need not be a whole number.
    static func interval(share: Double, of n: Double) -> ConfidenceInterval {
        let z = 1.959_963_984_540_054  // The 0.975 quantile of the normal distribution.
        let middle = share + z * z / (2 * n)
        let margin = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        return ConfidenceInterval(
            lower: share == 0 ? 0 : (middle - margin) / scale, upper: share == 1 ? 1 : (middle + margin) / scale)
    }
}
