import Digests
import Testing

@testable import Randomness

/// The known answers published with Random123, the reference implementation.
@Test(arguments: [
    (
        SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
        SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
        SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
        SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
        SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
        SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
])
func philoxGivesThePublishedAnswers(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
    #expect(CounterGenerator.philox(counter: counter, key: key) == expected)
}

@Test func aDrawDoesNotDependOnWhereTheFillStarts() {
    let generator = CounterGenerator(seed: 7, purpose: .dropout, round: 3, item: 5)
    var whole = [Float](repeating: 0, count: 100)
    whole.withUnsafeMutableBufferPointer { generator.fillUniform($0) }
    for offset in [1, 2, 3, 4, 17] {
        var part = [Float](repeating: 0, count: 50)
        part.withUnsafeMutableBufferPointer { generator.fillUniform($0, offset: offset) }
        #expect(part == Array(whole[offset..<offset + 50]))
    }
}

@Test func purposesRoundsAndItemsHaveStreamsOfTheirOwn() {
    let streams = [
        CounterGenerator(seed: 1, purpose: .shuffle), CounterGenerator(seed: 1, purpose: .dropout),
        CounterGenerator(seed: 2, purpose: .shuffle), CounterGenerator(seed: 1, purpose: .shuffle, round: 1),
        CounterGenerator(seed: 1, purpose: .shuffle, item: 1), CounterGenerator(seed: 1 << 32, purpose: .shuffle),
    ]
    #expect(Set(streams.map { $0.words(at: 0) }).count == streams.count)
}

@Test func uniformNumbersHaveTheMomentsOfTheUniformDistribution() {
    var stream = CounterGenerator(seed: 11, purpose: .probe).stream()
    let draws = (0..<100_000).map { _ in stream.uniform() }
    let mean = draws.reduce(0, +) / 100_000
    let variance = draws.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 100_000
    #expect(abs(mean - 0.5) < 0.005)
    #expect(abs(variance - 1.0 / 12) < 0.002)
    #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
}

@Test func aShuffleIsAPermutationAndEveryPlaceIsEquallyLikely() {
    var firsts = [Int](repeating: 0, count: 5)
    for seed in 0..<5000 {
        var stream = CounterGenerator(seed: UInt64(seed), purpose: .shuffle).stream()
        var items = [0, 1, 2, 3, 4]
        stream.shuffle(&items)
        #expect(items.sorted() == [0, 1, 2, 3, 4])
        firsts[items[0]] += 1
    }
    #expect(firsts.allSatisfy { abs($0 - 1000) < 150 })
}

@Test func normalNumbersAreTheSameOnEveryProcessor() {
    var stream = CounterGenerator(seed: 5, purpose: .probe).stream()
    let draws = (0..<1000).map { _ in stream.normal(mean: 1, deviation: 2) }
    let digest = draws.map(\.bitPattern.littleEndian).withUnsafeBytes { SHA256.digest(of: $0) }
    #expect(digest == "a9944678d23f59ed7adb762d1c54c97099d5fff69c173a9b2a7f6b9d767d69a0")
    let mean = draws.reduce(0, +) / 1000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1000
    #expect(abs(mean - 1) < 0.2 && abs(variance - 4) < 0.6)
}
