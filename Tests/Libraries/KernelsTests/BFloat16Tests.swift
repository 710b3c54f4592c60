import Kernels
import Testing

/// As IEEE 754 rounds to a format with eight significant bits.
@Test(
    arguments: [
        (1, 1), (1.00390625, 1), (1.01171875, 1.015625), (1.005, 1.0078125), (-3.14159, -3.140625), (0, 0),
        (-0.0, -0.0),
        (Float(bitPattern: 0x1_7000), Float(bitPattern: 0x1_0000)), (.greatestFiniteMagnitude, .infinity),
        (3.3895314e38, 3.3895314e38),
    ] as [(Float, Float)])
func aNumberIsRoundedToTheNearestAndAHalfToEven(number: Float, expected: Float) {
    var x = number
    BFloat16.round(&x, count: 1)
    #expect(x.bitPattern == expected.bitPattern, "\(number) became \(x)")
}

@Test(arguments: [1, 2, 33, 1000]) func roundedNumbersComeBackFromHalfTheBytes(count: Int) {
    var x = (0..<count).map { Float($0 - 20) * 1.2345 }
    BFloat16.round(&x, count: count)
    var packed = [Float](repeating: .nan, count: BFloat16.packedCount(count))
    BFloat16.pack(x, count: count, into: &packed)
    var y = [Float](repeating: .nan, count: count)
    BFloat16.unpack(packed, count: count, into: &y)
    #expect(x == y)
    #expect(packed.count == (count + 1) / 2)
}
