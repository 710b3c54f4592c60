/// Elementary functions with the same bits on every processor and beside every version of the system's mathematics
/// library, which chooses its code by the processor and rounds as it likes.
///
/// Each reduces its argument to a small range and sums the Taylor series there, by additions, multiplications and
/// divisions alone: IEEE 754 leaves no choice in those, and Swift never fuses two of them. The error is less than one
/// unit in the last place, that of `pow` where its result is not extreme.
public enum Elementary {
    /// ln 2 as a sum: of the first part, with 32 bits, small multiples are exact.
    static let ln2 = (high: 0x1.62e42feep-1, low: 0x1.a39ef35793c76p-33)

    /// The nearest whole number, of two equally near the even one; for magnitudes below 2^51.
    @inline(__always) static func nearest(_ x: Double) -> Double { (x + 0x1.8p52) - 0x1.8p52 }

    /// The upper 26 bits of a number: the product of two such is exact.
    @inline(__always) static func upperHalf(_ x: Double) -> Double {
        Double(bitPattern: x.bitPattern & ~((1 << 27) - 1))
    }
}
