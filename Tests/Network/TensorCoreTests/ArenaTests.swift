import Randomness
import Testing

@testable import TensorCore

/// Buffers with sizes and lifetimes drawn at random.
private func randomBuffers(_ seed: UInt64, moments: Int) -> [Buffer] {
    var stream = CounterGenerator(seed: seed, purpose: .probe).stream()
    return (0..<1 + stream.below(60)).map { _ in
        let byteCount = stream.below(3) == 0 ? 64 * stream.below(5) : stream.below(700)
        let buffer = Buffer(byteCount: byteCount, at: stream.below(moments))
        buffer.use(at: stream.below(moments))
        return buffer
    }
}

/// Paints each buffer's bytes at each moment of its life and looks for paint that is there already.
@Test(arguments: 0..<60 as Range<UInt64>) func buffersNeverMeetInTimeAndSpace(seed: UInt64) {
    let moments = 20
    let buffers = randomBuffers(seed, moments: moments)
    let total = place(buffers)
    var largestNeed = 0
    for moment in 0..<moments {
        var painted = [Bool](repeating: false, count: total)
        var (need, overlaps) = (0, 0)
        for buffer in buffers where (buffer.first...buffer.last).contains(moment) {
            need += buffer.byteCount
            for byte in buffer.offset..<buffer.offset + buffer.byteCount {
                overlaps += painted[byte] ? 1 : 0
                painted[byte] = true
            }
        }
        largestNeed = max(largestNeed, need)
        #expect(overlaps == 0, "bytes with two owners at moment \(moment)")
    }
    #expect(total >= largestNeed)
    #expect(total <= buffers.reduce(0) { $0 + ($1.byteCount + 63) / 64 * 64 })
    #expect(buffers.allSatisfy { $0.offset % 64 == 0 })
}

@Test func buffersThatTakeTurnsShareOnePlace() {
    let buffers = (0..<10).map { Buffer(byteCount: 1000, at: $0) }
    #expect(place(buffers) == 1024)
    #expect(buffers.allSatisfy { $0.offset == 0 })
}

@Test func buffersNeededAtOnceLieSideBySide() {
    let buffers = (0..<10).map { Buffer(byteCount: 64 * ($0 + 1), at: 3) }
    #expect(place(buffers) == 64 * 55)
}

@Test func useOnlyLengthensALifetime() {
    let buffer = Buffer(byteCount: 1, at: 5)
    for moment in [7, 6, 3, 4] { buffer.use(at: moment) }
    #expect(buffer.first == 3)
    #expect(buffer.last == 7)
}

@Test func aBoundBufferPointsToItsOffset() {
    let buffers = (0..<3).map { Buffer(byteCount: 100 * $0, at: 0) }
    let base = UnsafeMutableRawPointer.allocate(byteCount: place(buffers), alignment: 64)
    defer { base.deallocate() }
    bind(buffers, to: base)
    #expect(buffers.allSatisfy { $0.pointer == base + $0.offset })
}
