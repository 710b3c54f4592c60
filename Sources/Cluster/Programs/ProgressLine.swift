import Foundation
import Synchronization

/// What a person sees of the training: a live line on a terminal, a plain one now and then elsewhere.
package struct ProgressLine {
    private var lastShown: ContinuousClock.Instant?

    package init() {}

    /// Shows `text` if it is time: ten times a second on a terminal, else every ten seconds.
    package mutating func update(_ text: @autoclosure () -> LiveText, at now: ContinuousClock.Instant = .now) {
        let interval: Duration = LiveLine.isPossible ? .milliseconds(100) : .seconds(10)
        if let lastShown, lastShown.duration(to: now) < interval { return }
        lastShown = now
        if LiveLine.isPossible { LiveLine.show(text()) } else { LiveLine.replace(by: text().whole) }
    }

    /// A line that stays.
    package func print(_ text: String) { LiveLine.replace(by: text) }
}

/// The same for callers on several threads.
package final class LockedProgressLine: Sendable {
    private let line = Mutex(ProgressLine())

    package init() {}

    package func update(_ text: LiveText) { line.withLock { $0.update(text) } }
    package func print(_ text: String) { line.withLock { $0.print(text) } }
}
