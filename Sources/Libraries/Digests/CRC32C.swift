/// The checksum of iSCSI (RFC 3720, B.4) and of TensorFlow's records: a cyclic redundancy check with Castagnoli's
/// polynomial.
public enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        // The polynomial 0x1EDC6F41, its bits reversed.
        (0..<8).reduce(byte) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
    }

    public static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { rest, byte in rest >> 8 ^ table[Int(UInt8(truncatingIfNeeded: rest) ^ byte)] }
    }
}
