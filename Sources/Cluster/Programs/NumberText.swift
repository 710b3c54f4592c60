import Foundation

extension Double {
    /// With so many digits after the point.
    package func text(decimals: Int) -> String { isNaN ? "undefined" : String(format: "%.\(decimals)f", self) }
}

extension Double? {
    /// The same, and a word where there is none.
    package func text(decimals: Int) -> String { self?.text(decimals: decimals) ?? "undefined" }
}

extension Int {
    /// 2,070,110,598
    public var grouped: String {
        let digits = Array(String(magnitude))
        let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[Swift.max(0, $0 - 3)..<$0]) }
        return (self < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }
}

extension Duration {
    /// As a person says it: "45 s", "3 min 05 s", "2 h 10 min".
    package var spoken: String {
        let seconds = Int(components.seconds)
        if seconds < 60 { return "\(seconds) s" }
        func padded(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        if seconds < 3600 { return "\(seconds / 60) min \(padded(seconds % 60)) s" }
        return "\(seconds / 3600) h \(padded(seconds % 3600 / 60)) min"
    }
}
