import Foundation

/// One axis of a chart: the numbers it covers and where its ticks stand.
struct Axis: Hashable {
    let label: String
    let lower: Double
    let upper: Double
    /// From the least to the greatest.
    let ticks: [Double]
    private let decimals: Int

    /// Covers the finite ones of `values` with about `count` ticks at multiples of 1, 2 or 5 times a power of ten.
    ///
    /// `leastSpan` keeps noise from looking like news; `whole` keeps ticks at whole numbers; `limits` are never passed.
    /// Nil without a finite value.
    init?(
        label: String, covering values: [Double], count: Int = 5, leastSpan: Double = 1e-6, whole: Bool = false,
        limits: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    ) {
        let finite = values.filter(\.isFinite)
        guard var low = finite.min(), var high = finite.max() else { return nil }
        let lacking = max(leastSpan, abs(high) * 1e-9) - (high - low)
        if lacking > 0 {
            low -= lacking / 2
            high += lacking / 2
        }
        let step = max(Self.tidyStep(over: high - low, count: count), whole ? 1 : 0)
        guard step.isFinite, step > 0 else { return nil }
        let first = whole ? (low / step).rounded(.up) : (low / step).rounded(.down)
        let last = whole ? (high / step).rounded(.down) : (high / step).rounded(.up)
        self.label = label
        lower = max(whole ? low : first * step, limits.lowerBound)
        upper = min(whole ? high : last * step, limits.upperBound)
        let (least, most) = (lower - step * 1e-6, upper + step * 1e-6)
        ticks = stride(from: first, through: last, by: 1).map { $0 * step }.filter { least <= $0 && $0 <= most }
        decimals = min(max(0, Int((-log10(step) - 1e-9).rounded(.up))), 9)
    }

    /// The step of 1, 2 or 5 times a power of ten that cuts `span` into about `count` parts.
    private static func tidyStep(over span: Double, count: Int) -> Double {
        let rough = span / Double(count)
        let power = pow(10, floor(log10(rough)))
        switch rough / power {
        case ..<1.5: return power
        case ..<3.5: return 2 * power
        case ..<7.5: return 5 * power
        default: return 10 * power
        }
    }

    func text(of tick: Double) -> String { String(format: "%.\(decimals)f", tick == 0 ? 0 : tick) }

    /// Where a value lies, 0 at the lower end and 1 at the upper.
    func position(of value: Double) -> Double { (value - lower) / (upper - lower) }
}
