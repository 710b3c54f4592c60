import Foundation
import Synchronization

/// SIGINT and SIGTERM as a wish that the main loop sees between steps. A second one ends the program at once.
final class Interruption: Sendable {
    private let requests = Mutex(0)
    // Kept so that the signals stay handled.
    private let sources = Mutex<[any DispatchSourceSignal]>([])

    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in
                let count = self?.requests.withLock { requests in
                    requests += 1
                    return requests
                }
                if count == 2 { Wire.exit(.interrupted, "interrupted twice; the newest checkpoint is kept") }
            }
            source.resume()
            nonisolated(unsafe) let kept = source
            sources.withLock { $0.append(kept) }
        }
    }

    var isRequested: Bool { requests.withLock { $0 > 0 } }
}
