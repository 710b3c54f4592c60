import Parameters

/// A buffer of a plan: bytes that are needed from one moment of a step to another.
///
/// Moments count the operations of a step: forward in order, the loss, backward in reverse.
final class Buffer {
    let byteCount: Int
    private(set) var first: Int
    private(set) var last: Int
    fileprivate(set) var offset = 0
    /// Valid once the plan is bound to an arena.
    fileprivate(set) var pointer: UnsafeMutableRawPointer!

    init(byteCount: Int, at moment: Int) {
        self.byteCount = byteCount
        first = moment
        last = moment
    }

    /// Keeps the bytes at `moment` too.
    func use(at moment: Int) {
        first = min(first, moment)
        last = max(last, moment)
    }

    var floats: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }

    fileprivate func overlaps(_ other: Buffer) -> Bool { first <= other.last && other.first <= last }
}

/// The working memory of a lane. Its plans take turns in it, so it is as large as the largest needs.
public final class Arena {
    private(set) var memory = FloatBuffer(count: 0)

    public init() {}

    /// Makes room; what was in the memory is lost if it must grow.
    func reserve(byteCount: Int) {
        let count = (byteCount + 3) / 4
        guard memory.count < count else { return }
        memory = FloatBuffer(count: 0)  // The old pages go before the new ones come.
        memory = FloatBuffer(count: count)
    }
}

/// Gives each buffer an offset so that buffers needed at the same moment never overlap, the largest first, each as
/// low as it fits (Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020).
///
/// Returns the bytes needed in all.
func place(_ buffers: [Buffer]) -> Int {
    // Ties are broken by the order of creation, so that the plan is the same everywhere.
    let order = buffers.indices.sorted {
        (buffers[$1].byteCount, $0) < (buffers[$0].byteCount, $1)
    }
    var placed: [Buffer] = []  // By offset.
    var total = 0
    for index in order {
        let buffer = buffers[index]
        let size = (buffer.byteCount + 63) & ~63
        var offset = 0
        for other in placed where other.overlaps(buffer) {
            if offset + size <= other.offset { break }
            offset = max(offset, other.offset + (other.byteCount + 63) & ~63)
        }
        buffer.offset = offset
        total = max(total, offset + size)
        placed.insert(buffer, at: placed.firstIndex { $0.offset > offset } ?? placed.endIndex)
    }
    return total
}

/// Points every buffer to its place.
func bind(_ buffers: [Buffer], to base: UnsafeMutableRawPointer) {
    for buffer in buffers { buffer.pointer = base + buffer.offset }
}
