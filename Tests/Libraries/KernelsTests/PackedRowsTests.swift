import Kernels
import Parameters
import Testing

private let processors = Processor.allCases.filter(\.isAvailable)

/// What the floats of a row are.
private enum Filling: CaseIterable {
    case zeros, noZeros, oneOfThree, oddities

    /// -0, numbers below the smallest normal one, infinities and a NaN with bits of its own are not zero.
    private static let odd: [UInt32] = [0, 0x8000_0000, 1, 0x7F80_0000, 0xFF80_0000, 0x7FC0_1234, 0xFFA0_0001]

    func fill(_ x: FloatBuffer) {
        let draws = numbers(x.count, item: 20)
        for i in 0..<x.count {
            switch self {
            case .zeros: x.base[i] = 0
            case .noZeros: x.base[i] = draws.base[i] + 2
            case .oneOfThree: x.base[i] = draws.base[i] > 1 / 3 ? draws.base[i] : 0
            case .oddities:
                x.base[i] = Float(bitPattern: Self.odd[Int((draws.base[i] + 1) * 1000) % Self.odd.count])
            }
        }
    }
}

/// Rows that are columns of longer ones: `gap` floats that belong to others stand between two rows.
private struct Rows {
    let rows: Int
    let length: Int
    let stride: Int
    let x: FloatBuffer

    init(_ rows: Int, of length: Int, gap: Int = 0, _ filling: Filling = .oneOfThree) {
        (self.rows, self.length, stride) = (rows, length, length + gap)
        x = FloatBuffer(count: rows * stride)
        filling.fill(x)
    }

    /// Offsets of the rows' floats in x.
    var places: [Int] { (0..<rows).flatMap { row in (0..<length).map { row * stride + $0 } } }
    var bits: [UInt32] { places.map { x.base[$0].bitPattern } }
    var nonZero: Int { bits.count { $0 != 0 } }

    func packed(on processor: Processor = .current) -> [UInt8] {
        let room = PackedRows.maximumByteCount(rows: rows, length: length)
        return [UInt8](unsafeUninitializedCapacity: room) { bytes, count in
            count = PackedRows.pack(
                x.base, rows: rows, length: length, stride: stride, into: bytes.baseAddress!, on: processor)
        }
    }

    /// The bits of the floats that bytes at a certain distance from an aligned address hold, or nil if they are
    /// refused.
    func unpacked(_ packed: [UInt8], offset: Int = 0, on processor: Processor = .current) -> [UInt32]? {
        let y = FloatBuffer(count: rows * length + 32)
        y.floats.update(repeating: .nan)
        let isRight = ([UInt8](repeating: 0xFF, count: offset) + packed).withUnsafeBytes {
            PackedRows.unpack(
                UnsafeRawBufferPointer(rebasing: $0[offset...]), rows: rows, length: length, into: y.base, on: processor
            )
        }
        let isWithin = y.floats.suffix(32).allSatisfy(\.isNaN)
        #expect(isWithin, "floats beyond the rows were written")
        defer { withExtendedLifetime(y) {} }
        return isRight ? y.floats.dropLast(32).map(\.bitPattern) : nil
    }
}

private let lengths = [1, 31, 32, 33, 1000, 4096]

@Test(arguments: lengths, Filling.allCases) private func packedRowsComeBackBitByBit(length: Int, filling: Filling) {
    for rows in 1...3 {
        for gap in [0, 5] {
            let rows = Rows(rows, of: length, gap: gap, filling)
            let packed = rows.packed()
            #expect(packed.count == 4 * (rows.rows * ((length + 31) / 32) + rows.nonZero))
            for offset in 0...4 {
                let isEqual = rows.unpacked(packed, offset: offset) == rows.bits
                #expect(isEqual, "\(rows.rows) rows, gap \(gap), offset \(offset)")
            }
        }
    }
}

@Test(arguments: lengths, Filling.allCases)
private func plainLoopsGiveTheSameBytesAndFloats(length: Int, filling: Filling) {
    let rows = Rows(3, of: length, gap: 5, filling)
    let packed = rows.packed()
    let (sameBytes, sameFloats) = (rows.packed(on: .plain) == packed, rows.unpacked(packed, on: .plain) == rows.bits)
    #expect(sameBytes)
    #expect(sameFloats)
}

@Test func packedRowsAreBitsAndThenFloats() {
    let rows = Rows(2, of: 3, .zeros)
    (rows.x.base[0], rows.x.base[2], rows.x.base[4]) = (1, -2, -0.0)
    #expect(rows.packed() == [5, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 2, 0, 0, 0, 0, 0, 0, 0x80])
}

@Test func noFloatsAreNoBytes() {
    #expect(PackedRows.maximumByteCount(rows: 0, length: 5) == 0)
    #expect(PackedRows.maximumByteCount(rows: 5, length: 0) == 0)
    for rows in [Rows(0, of: 5), Rows(5, of: 0)] {
        #expect(rows.unpacked([]) == [])
        #expect(rows.unpacked([0]) == nil)
    }
}

@Test func noByteIsWrittenBeyondThePackedOnes() {
    let rows = Rows(2, of: 100)
    var bytes = [UInt8](repeating: 0xA5, count: PackedRows.maximumByteCount(rows: 2, length: 100))
    let count = bytes.withUnsafeMutableBytes {
        PackedRows.pack(rows.x.base, rows: 2, length: 100, stride: 100, into: $0.baseAddress!)
    }
    #expect(Array(bytes[..<count]) == rows.packed())
    #expect(bytes[count...].allSatisfy { $0 == 0xA5 })
}

@Test(arguments: processors) func bytesOfAWrongLengthAreRefused(processor: Processor) {
    for rows in [Rows(1, of: 1), Rows(2, of: 40), Rows(3, of: 100), Rows(2, of: 70, .zeros)] {
        let packed = rows.packed()
        for count in 0..<packed.count { #expect(rows.unpacked(Array(packed[..<count]), on: processor) == nil) }
        for more in 1...70 {
            for byte: UInt8 in [0, 0xFF] {
                #expect(rows.unpacked(packed + Array(repeating: byte, count: more), on: processor) == nil)
            }
        }
    }
}

/// A bit more or less is a float more or less than there are, or one beyond the row's end.
@Test(arguments: processors) func aRowWithAWrongBitIsRefused(processor: Processor) {
    for length in [1, 20, 32, 45, 64] {
        let rows = Rows(1, of: length)
        for bit in 0..<(length + 31) / 32 * 32 {
            var packed = rows.packed()
            packed[bit / 8] ^= 1 << (bit % 8)
            #expect(rows.unpacked(packed, on: processor) == nil, "bit \(bit) of \(length)")
        }
    }
}

@Test(arguments: processors) func aBitBeyondTheEndIsRefusedEvenWithAFloatForIt(processor: Processor) {
    let rows = Rows(1, of: 33)
    var packed = rows.packed()
    packed[4] |= 1 << 1
    #expect(rows.unpacked(packed + [0, 0, 0x80, 0x3F], on: processor) == nil)
}

@Test(arguments: processors) func aZeroAmongTheFloatsIsRefused(processor: Processor) {
    let rows = Rows(1, of: 2)
    #expect(rows.unpacked([3, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x80], on: processor) == [0x3F80_0000, 0x8000_0000])
    #expect(rows.unpacked([3, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0], on: processor) == nil)
}

/// Several rows may still have a meaning with a wrong bit: then it is another one, and packs to these very bytes.
@Test(arguments: processors) func damagedBytesAreRefusedOrMeanOtherRows(processor: Processor) {
    let rows = Rows(3, of: 45)
    let packed = rows.packed()
    for bit in 0..<packed.count * 8 {
        var damaged = packed
        damaged[bit / 8] ^= 1 << (bit % 8)
        guard let bits = rows.unpacked(damaged, on: processor) else { continue }
        let others = Rows(3, of: 45)
        for (i, bits) in bits.enumerated() { others.x.base[i] = Float(bitPattern: bits) }
        #expect(bits != rows.bits)
        #expect(others.packed() == damaged)
    }
}

@Test(arguments: lengths, processors) func valuesAreTakenAndPutBackWhereXIsNotZero(length: Int, processor: Processor) {
    for filling in Filling.allCases {
        let rows = Rows(3, of: length, gap: 2, filling)
        let values = Rows(3, of: length, gap: 7, .noZeros)
        let wanted = zip(rows.places, values.places).filter { rows.x.base[$0.0].bitPattern != 0 }
            .map { values.x.base[$0.1] }
        let packed = FloatBuffer(count: wanted.count + 32)
        packed.floats.update(repeating: 9)
        let count = PackedRows.gather(
            values.x.base, stride: values.stride, where: rows.x.base, stride: rows.stride, rows: 3, length: length,
            into: packed.base, on: processor)
        #expect(count == wanted.count)
        let isGathered = Array(packed.floats) == wanted + Array(repeating: 9, count: 32)
        #expect(isGathered)

        let back = FloatBuffer(count: values.x.count)
        back.floats.update(repeating: 9)
        var expected = Array(back.floats)
        for (x, value) in zip(rows.places, values.places) {
            expected[value] = rows.x.base[x].bitPattern == 0 ? 0 : values.x.base[value]
        }
        func scatter(_ count: Int) -> Bool {
            PackedRows.scatter(
                UnsafeBufferPointer(start: packed.base, count: count), where: rows.x.base, stride: rows.stride,
                rows: 3, length: length, into: back.base, stride: values.stride, on: processor)
        }
        #expect(scatter(count))
        let isScattered = Array(back.floats) == expected
        #expect(isScattered)
        #expect(!scatter(count + 1))
        #expect(count == 0 || !scatter(count - 1))
        withExtendedLifetime((rows, values, packed, back)) {}
    }
}
