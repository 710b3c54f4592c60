import Parameters
import Testing

@testable import Transport

/// Counts of floats that end within a page, at its end, and in the first page.
@Test(arguments: [1, 1000, 1024, 5000]) func othersSeeTheFirstFloatsOfABufferAndNoMore(shared: Int) throws {
    let buffer = try FloatBuffer.shared(shared, count: 3_000_000)
    #expect(buffer.floats.allSatisfy { $0 == 0 })
    for place in 0..<buffer.count { buffer.base[place] = Float(place) }
    #expect((0..<buffer.count).allSatisfy { buffer.base[$0] == Float($0) })
    let memory = try #require(buffer.memory)
    #expect(memory.count == shared)
    var maps = SharedMemoryMaps()
    let found = maps.floats(memory)
    let seen = try #require(found)
    #expect(Array(seen.floats) == (0..<shared).map(Float.init))
    // It stays shared.
    buffer.base[shared - 1] = -1
    #expect(seen.base[shared - 1] == -1)
}
