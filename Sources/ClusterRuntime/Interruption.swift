import Foundation
import Synchronization

/// SIGINT and SIGTERM as a wish that the main loop sees between steps. A second one ends the program at once.
final class Interruption {
    private let requests = Requests()
    /// Kept so that the signals stay handled.
    private var sources: [any DispatchSourceSignal] = []

    private final class Requests: Sendable {
        let first = Mutex<ContinuousClock.Instant?>(nil)
    }

    init() {
        let requests = requests
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let isSecond = requests.first.withLock { first in
                    defer { first = first ?? .now }
                    return first != nil
                }
                if isSecond { Wire.exit(.interrupted, "interrupted twice; the newest checkpoint is kept") }
            }
            source.resume()
            sources.append(source)
        }
    }

    /// When the first signal came.
    var requested: ContinuousClock.Instant? { requests.first.withLock { $0 } }
}
