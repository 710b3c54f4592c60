import Foundation
import Synchronization

/// What a person sees of the training: one line that is rewritten on a terminal, a plain line now and then elsewhere.
struct ProgressLine {
    private let isTerminal = isatty(STDOUT_FILENO) != 0
    private var lastShown: ContinuousClock.Instant?
    private var hasLiveLine = false

    /// Shows `text` if it is time: ten times a second on a terminal, else every ten seconds.
    mutating func update(_ text: @autoclosure () -> String, at now: ContinuousClock.Instant = .now) {
        let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
        if let lastShown, lastShown.duration(to: now) < interval { return }
        lastShown = now
        if isTerminal {
            write("\r\u{1B}[K" + text())
            hasLiveLine = true
        } else {
            write(text() + "\n")
        }
    }

    /// A line that stays.
    mutating func print(_ text: String) {
        write((hasLiveLine ? "\r\u{1B}[K" : "") + text + "\n")
        hasLiveLine = false
    }

    private func write(_ text: String) {
        // Nobody may be reading any more; the training goes on.
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
}

/// The same for callers on several threads.
final class LockedProgressLine: Sendable {
    private let line = Mutex(ProgressLine())

    func update(_ text: String) { line.withLock { $0.update(text) } }
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
