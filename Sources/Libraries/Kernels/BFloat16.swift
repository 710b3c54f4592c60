internal import CKernels

/// Numbers of eight significant bits and float32's exponent: a float32's upper half.
public enum BFloat16 {
    /// Floats that so many packed numbers need.
    public static func packedCount(_ count: Int) -> Int { (count + 1) / 2 }

    /// Rounds finite numbers to the nearest, half to even; one beyond the largest becomes infinite.
    public static func round(_ x: UnsafeMutablePointer<Float>, count: Int) { kernels.round_bfloat16(count, x) }

    /// Packs rounded numbers into `packedCount(count)` floats.
    public static func pack(_ x: UnsafePointer<Float>, count: Int, into packed: UnsafeMutablePointer<Float>) {
        packed[packedCount(count) - 1] = 0
        packed.withMemoryRebound(to: UInt16.self, capacity: 2 * packedCount(count)) {
            kernels.pack_bfloat16(count, x, $0)
        }
    }

    public static func unpack(_ packed: UnsafePointer<Float>, count: Int, into x: UnsafeMutablePointer<Float>) {
        packed.withMemoryRebound(to: UInt16.self, capacity: 2 * packedCount(count)) {
            kernels.unpack_bfloat16(count, $0, x)
        }
    }
}
