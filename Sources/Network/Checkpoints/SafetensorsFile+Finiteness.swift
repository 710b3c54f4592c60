import Kernels

extension SafetensorsFile {
    /// Throws if a float32 tensor holds NaN or an infinite number, and names it: of those called `names`, or of all.
    public func checkFinite(_ names: Set<String>? = nil) throws {
        let chunk = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1 << 18)
        defer { chunk.deallocate() }
        for entry in tensors where entry.dataType == .float32 && names?.contains(entry.name) ?? true {
            for first in stride(from: 0, to: entry.elementCount, by: chunk.count) {
                let range = first..<min(first + chunk.count, entry.elementCount)
                let floats = UnsafeMutableBufferPointer(rebasing: chunk[..<range.count])
                try copy(entry.name, range: range, into: floats)
                guard areFinite(UnsafeBufferPointer(floats)) else {
                    throw CheckpointError(
                        .notFinite, path,
                        "tensor \(entry.name.quoted) holds NaN or infinite numbers, as a training that diverges leaves "
                            + "them; use parameters from before that")
                }
            }
        }
    }
}
