import Foundation
import Synchronization

/// Wakes a thread that waits in a poller from any other.
package final class Wakeup: Sendable {
    /// Readable when somebody has called.
    package let descriptor: CInt
    private let other: CInt

    /// Throws if the process has no file left for it.
    package init() throws {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { throw RunFailure.system("pipe") }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (descriptor, other) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(other)
    }

    /// A full pipe has calls enough in it.
    package func call() { withUnsafeBytes(of: UInt8(1)) { _ = write(other, $0.baseAddress, 1) } }

    /// Takes the calls out, so that they wake nobody again.
    package func drain() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(descriptor, &bytes, bytes.count) > 0 {}
    }
}

/// What other threads have for one that waits, in the order of its arrival.
package final class Mailbox<Item: Sendable>: Sendable {
    private let items = Mutex<[Item]>([])
    private let wakeup: Wakeup

    package init(waking wakeup: Wakeup) { self.wakeup = wakeup }

    package func put(_ item: Item) {
        items.withLock { $0.append(item) }
        wakeup.call()
    }

    package func takeAll() -> [Item] {
        items.withLock { items in
            defer { items = [] }
            return items
        }
    }
}
