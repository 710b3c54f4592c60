import Programs
import Synchronization

/// The bytes that were given to connections and have not left yet, against what may wait there.
package final class OutgoingBytes: Sendable {
    private let limit: Int
    private let wakeup: Wakeup
    private let bytes = Atomic(0)

    /// Calls `wakeup` when no more than `limit` bytes wait any longer.
    package init(limit: Int, waking wakeup: Wakeup) {
        (self.limit, self.wakeup) = (limit, wakeup)
    }

    /// Bytes that wait.
    package var count: Int { bytes.load(ordering: .relaxed) }

    package var isFull: Bool { bytes.load(ordering: .relaxed) > limit }

    /// Bytes that wait for as long as the ticket lives.
    func ticket(for count: Int) -> Ticket { Ticket(count, self) }

    final class Ticket: Sendable {
        private let count: Int
        private let outgoing: OutgoingBytes

        fileprivate init(_ count: Int, _ outgoing: OutgoingBytes) {
            (self.count, self.outgoing) = (count, outgoing)
            outgoing.bytes.add(count, ordering: .relaxed)
        }

        deinit {
            let (former, left) = outgoing.bytes.subtract(count, ordering: .relaxed)
            if former > outgoing.limit && left <= outgoing.limit { outgoing.wakeup.call() }
        }
    }
}
