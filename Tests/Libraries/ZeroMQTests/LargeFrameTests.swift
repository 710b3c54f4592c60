import Foundation
import Testing
import ZeroMQ

/// Zeros beyond 2^31 bytes, of which only the pages at `places` take memory.
private final class SparsePages: Sendable {
    static let count = 1 << 31 + 4096
    /// The bytes that are not zero: at the ends, and where a 32-bit length would overflow.
    static let places = [0, 1, 1 << 31 - 2, 1 << 31 - 1, 1 << 31, 1 << 31 + 1, count - 1]

    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer  // Written by init only.

    init() throws {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let pages = mmap(nil, Self.count, PROT_READ | PROT_WRITE, flags, -1, 0)
        let memory = UnsafeMutableRawBufferPointer(
            start: try #require(pages != MAP_FAILED ? pages : nil), count: Self.count)
        for (index, place) in Self.places.enumerated() { memory[place] = UInt8(index + 1) }
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}

// The network has tensors beyond 2^31 bytes, so no length on a frame's way may have 32 bits. Only the received frame
// takes memory, as much as it is long.
@Test func aFrameBeyond31BitsArrivesWhole() throws {
    let context = try Context()
    let push = try Socket(.push, in: context)
    let pull = try Socket(.pull, in: context, options: [.maximumFrameSize(SparsePages.count)])
    try pull.bind(to: "tcp://127.0.0.1:*")
    try push.connect(to: pull.lastEndpoint)

    let pages = try SparsePages()
    try push.send([Message(borrowing: pages.bytes, keeping: pages)])
    try #require(try pull.isReadable(within: .seconds(60)))
    let frame = try pull.receive()[0]
    #expect(frame.count == SparsePages.count)
    frame.withUnsafeBytes { bytes in
        #expect(SparsePages.places.map { bytes[$0] } == [1, 2, 3, 4, 5, 6, 7])
        #expect(bytes[2] == 0 && bytes[1 << 30] == 0 && bytes[bytes.count - 2] == 0)
    }
}
