internal import CKernels

/// Rows of floats without their zeros, which two of three are behind ReLU and dropout.
///
/// A row is a bit for each float, in little-endian words of 32, and then the floats that are not zero. A float is zero
/// if all its bits are: -0 and NaN come back as they were. Rows follow each other without padding.
public enum PackedRows {
    /// The most bytes that so many rows of so many floats can need.
    public static func maximumByteCount(rows: Int, length: Int) -> Int {
        rows * ((length + 31) / 32 + length) * MemoryLayout<Float>.size
    }

    /// Packs rows that are `stride` floats apart, and returns the bytes written. There is room for `maximumByteCount`;
    /// nothing is written beyond the bytes returned.
    public static func pack(
        _ x: UnsafePointer<Float>, rows: Int, length: Int, stride: Int, into bytes: UnsafeMutableRawPointer,
        on processor: Processor = .current
    ) -> Int {
        check(rows: rows, length: length)
        return processor.kernels.pack_rows(x, stride, rows, length, bytes)
    }

    /// Unpacks to contiguous rows `[rows, length]`.
    ///
    /// The bytes come from outside and may stand at any address. False if they are not exactly what `pack` makes of
    /// such rows: x may then be partly written.
    public static func unpack(
        _ bytes: UnsafeRawBufferPointer, rows: Int, length: Int, into x: UnsafeMutablePointer<Float>,
        on processor: Processor = .current
    ) -> Bool {
        check(rows: rows, length: length)
        return processor.kernels.unpack_rows(bytes.baseAddress, bytes.count, rows, length, x)
    }

    /// Takes the values at the places where x is not zero, row by row, and returns how many. Each stride is that of
    /// the rows before it.
    public static func gather(
        _ values: UnsafePointer<Float>, stride valueStride: Int, where x: UnsafePointer<Float>, stride: Int,
        rows: Int, length: Int, into packed: UnsafeMutablePointer<Float>,
        on processor: Processor = .current
    ) -> Int {
        check(rows: rows, length: length)
        return processor.kernels.gather(values, valueStride, x, stride, rows, length, packed)
    }

    /// The way back: puts packed values at the places where x is not zero, and zeros elsewhere.
    ///
    /// False if there are not exactly as many as places: the values may then be partly written.
    public static func scatter(
        _ packed: UnsafeBufferPointer<Float>, where x: UnsafePointer<Float>, stride: Int, rows: Int, length: Int,
        into values: UnsafeMutablePointer<Float>, stride valueStride: Int,
        on processor: Processor = .current
    ) -> Bool {
        check(rows: rows, length: length)
        return processor.kernels.scatter(packed.baseAddress, packed.count, x, stride, rows, length, values, valueStride)
    }

    private static func check(rows: Int, length: Int) {
        precondition(rows >= 0 && length >= 0, "\(rows) packed rows of \(length)")
    }
}
