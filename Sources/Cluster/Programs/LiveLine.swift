import Foundation
import Synchronization

/// The line of a terminal that is written anew while something goes on. A process has one at most: who prints anything
/// else on the terminal puts an end to it first.
enum LiveLine {
    /// Is there a terminal that can do it?
    static let isPossible =
        isatty(STDOUT_FILENO) != 0 && !["", "dumb"].contains(ProcessInfo.processInfo.environment["TERM"] ?? "")

    private static let isShown = Mutex(false)
    private static let start = "\r\u{1B}[K"

    static func show(_ text: LiveText) {
        // The last column stays free: a terminal may go to the next line when it is written to.
        let line = text.fitted(to: width - 1)
        isShown.withLock { isShown in
            StandardStreams.print(start + line)
            isShown = true
        }
    }

    /// Prints a line that stays, in place of the live one if there is one.
    static func replace(by line: String) {
        isShown.withLock { isShown in
            StandardStreams.print((isShown ? start : "") + line + "\n")
            isShown = false
        }
    }

    /// Takes the line away; what comes next has its place.
    static func clear() { stop(with: start) }

    /// Leaves the line as it is; what comes next is below.
    static func end() { stop(with: "\n") }

    private static func stop(with text: String) {
        isShown.withLock { isShown in
            if isShown { StandardStreams.print(text) }
            isShown = false
        }
    }

    /// In columns: asked each time, since people change it.
    private static var width: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}
