import Foundation
import Synchronization

/// What a person sees of the training: a live line on a terminal, a plain one now and then elsewhere.
struct ProgressLine {
    private var lastShown: ContinuousClock.Instant?

    /// Shows `text` if it is time: ten times a second on a terminal, else every ten seconds.
    mutating func update(_ text: @autoclosure () -> LiveText, at now: ContinuousClock.Instant = .now) {
        let interval: Duration = LiveLine.isPossible ? .milliseconds(100) : .seconds(10)
        if let lastShown, lastShown.duration(to: now) < interval { return }
        lastShown = now
        if LiveLine.isPossible { LiveLine.show(text()) } else { LiveLine.replace(by: text().whole) }
    }

    /// A line that stays.
    func print(_ text: String) { LiveLine.replace(by: text) }
}

/// The same for callers on several threads.
final class LockedProgressLine: Sendable {
    private let line = Mutex(ProgressLine())

    func update(_ text: LiveText) { line.withLock { $0.update(text) } }
    func print(_ text: String) { line.withLock { $0.print(text) } }
}

extension Double {
    /// With so many digits after the point.
    func rounded(_ digits: Int) -> String { isNaN ? "undefined" : String(format: "%.\(digits)f", self) }
}

extension Double? {
    /// The same, and a word where there is none.
    func rounded(_ digits: Int) -> String { self?.rounded(digits) ?? "undefined" }
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
    var spoken: String {
        let seconds = Int(components.seconds)
        if seconds < 60 { return "\(seconds) s" }
        func padded(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        if seconds < 3600 { return "\(seconds / 60) min \(padded(seconds % 60)) s" }
        return "\(seconds / 3600) h \(padded(seconds % 3600 / 60)) min"
    }
}
