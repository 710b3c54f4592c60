internal import CXXHash

/// A 64-bit checksum (XXH3) of bytes that arrive in parts, at the speed of memory.
///
/// It tells results that differ from results that agree; it does not withstand somebody who wants to deceive.
public struct Checksum: ~Copyable {
    private let state: OpaquePointer

    public init() {
        guard let state = XXH3_createState() else { preconditionFailure("XXH3_createState: out of memory") }
        self.state = state
        XXH3_64bits_reset(state)
    }

    deinit { XXH3_freeState(state) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let status = XXH3_64bits_update(state, bytes.baseAddress, bytes.count)
        precondition(status == XXH_OK, "XXH3_64bits_update: \(status)")
    }

    public mutating func update(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { update($0) }
    }

    public var value: UInt64 { XXH3_64bits_digest(state) }
}
