import Foundation
import Synchronization

/// SIGINT and SIGTERM as a wish that the main loop sees between steps. A second one ends the program at once.
final class Interruption {
    private let requests = Requests()
    /// Kept so that the signals stay handled.
    private var sources: [any DispatchSourceSignal] = []

    private final class Requests: Sendable {
        let count = Mutex(0)
    }

    init() {
        let requests = requests
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let count = requests.count.withLock { count in
                    count += 1
                    return count
                }
                if count == 2 { Wire.exit(.interrupted, "interrupted twice; the newest checkpoint is kept") }
            }
            source.resume()
            sources.append(source)
        }
    }

    var isRequested: Bool { requests.count.withLock { $0 > 0 } }
}
