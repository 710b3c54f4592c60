import Failures
import Foundation
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a wish that the main loop sees between messages. A second one ends the program at
/// once, but not one that comes with the first, for some programs signal a child and then its group; nor SIGHUP, which
/// nobody sends for impatience.
public final class Interruption {
    /// Called with the first signal.
    package let wakeup: Wakeup
    private let requests = Requests()
    /// Kept so that the signals stay handled.
    private var sources: [any DispatchSourceSignal] = []

    private final class Requests: Sendable {
        let first = Mutex<ContinuousClock.Instant?>(nil)
    }

    public static let signals = [SIGINT, SIGTERM, SIGHUP]

    /// nohup means it. This is asked before any of us ignores the signal by itself.
    private static let isHangupIgnored = {
        var action = sigaction()
        sigaction(SIGHUP, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }()

    /// `status` and `line` are what a second signal ends the program with. With the first, `announce` is called on
    /// another thread.
    public init(
        _ signals: [CInt] = Interruption.signals, secondTime status: ExitStatus, _ line: String,
        announce: @escaping @Sendable () -> Void = {}
    ) throws {
        wakeup = try Wakeup()
        let (requests, wakeup) = (requests, wakeup)
        for number in signals where number != SIGHUP || !Self.isHangupIgnored {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let first = requests.first.withLock { first in
                    defer { first = first ?? .now }
                    return first
                }
                guard let first else {
                    wakeup.call()
                    // Below what the terminal makes of Ctrl-C.
                    LiveLine.end()
                    return announce()
                }
                if number != SIGHUP && first.duration(to: .now) > .seconds(1) { Program.exit(status, line) }
            }
            source.resume()
            sources.append(source)
        }
    }

    /// When the first signal came.
    package var requested: ContinuousClock.Instant? { requests.first.withLock { $0 } }
}
