import Testing

@testable import Digests

private func checksum(_ parts: [[UInt8]]) -> UInt64 {
    var sum = Checksum()
    for part in parts { part.withUnsafeBytes { sum.update($0) } }
    return sum.value
}

/// The values of `xxhsum -H3`.
@Test(
    arguments: [
        ("", 0x2D06_8005_38D3_94C2), ("heartbeat", 0x12D9_1475_CC89_2E77), ("a", 0xE6C6_32B6_1E96_4E1F),
    ] as [(String, UInt64)])
func aChecksumIsXXH3(text: String, expected: UInt64) {
    #expect(checksum([Array(text.utf8)]) == expected)
}

@Test func partsGiveTheChecksumOfTheWholeAndEveryBitCounts() {
    var bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 * 31) }
    let whole = checksum([bytes])
    #expect(checksum([Array(bytes[..<700]), [], Array(bytes[700...])]) == whole)
    bytes[4321] ^= 4
    #expect(checksum([bytes]) != whole)
}
