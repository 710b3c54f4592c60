import Foundation
import Synchronization

/// SIGINT and SIGTERM as a wish that the main loop sees between messages. A second one ends the program at once, but not
/// one that comes with the first: some programs signal a child and then its group.
public final class Interruption {
    /// Called with the first signal.
    let wakeup = Wakeup()
    private let requests = Requests()
    /// Kept so that the signals stay handled.
    private var sources: [any DispatchSourceSignal] = []

    private final class Requests: Sendable {
        let first = Mutex<ContinuousClock.Instant?>(nil)
    }

    /// `status` and `line` are what a second signal ends the program with.
    public init(_ signals: [CInt] = [SIGINT, SIGTERM], secondTime status: ExitStatus, _ line: String) {
        let (requests, wakeup) = (requests, wakeup)
        for number in signals {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let isSecond = requests.first.withLock { first in
                    guard let time = first else {
                        first = .now
                        return false
                    }
                    return time.duration(to: .now) > .seconds(1)
                }
                if isSecond { Wire.exit(status, line) }
                wakeup.call()
            }
            source.resume()
            sources.append(source)
        }
    }

    /// When the first signal came.
    var requested: ContinuousClock.Instant? { requests.first.withLock { $0 } }
}
