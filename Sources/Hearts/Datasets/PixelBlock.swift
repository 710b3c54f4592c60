/// The pixels of all samples, one after the other in memory.
///
/// `@unchecked Sendable`: the memory is written before `init` returns and only read from then on.
final class PixelBlock: @unchecked Sendable {
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    /// Empties `parts` one by one, so that only one part at a time is in memory twice.
    init(taking parts: inout [[UInt8]]) {
        bytes = .allocate(capacity: parts.reduce(0) { $0 + $1.count })
        var position = 0
        for i in parts.indices {
            _ = bytes[position...].initialize(fromContentsOf: parts[i])
            position += parts[i].count
            parts[i] = []
        }
    }

    deinit { bytes.deallocate() }

    func withBytes<Result>(
        in range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result {
        try body(UnsafeBufferPointer(rebasing: bytes[range]))
    }
}
