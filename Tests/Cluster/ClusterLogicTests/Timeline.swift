/// What is to happen, in the order of its time; what has the same time, in the order in which it was added.
struct Timeline<Event> {
    private var heap: [(time: Instant, serial: Int, event: Event)] = []
    private var serial = 0

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        (heap[a].time, heap[a].serial) < (heap[b].time, heap[b].serial)
    }

    mutating func add(_ event: Event, at time: Instant) {
        serial += 1
        heap.append((time, serial, event))
        var place = heap.count - 1
        while place > 0, isBefore(place, (place - 1) / 2) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func next() -> (Instant, Event)? {
        guard !heap.isEmpty else { return nil }
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var place = 0
        while true {
            let children = [2 * place + 1, 2 * place + 2].filter { $0 < heap.count }
            guard let child = children.min(by: { isBefore($0, $1) }), isBefore(child, place) else { break }
            heap.swapAt(child, place)
            place = child
        }
        return (first.time, first.event)
    }
}
