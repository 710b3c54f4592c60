/// A float32 tensor that lies in a file, read where it is.
///
/// Elements that were read count as memory of the process until the system needs it for something else: it can always
/// load them again.
public final class MappedTensor: Sendable {
    private let mapping: FileMapping
    /// Where the elements lie in the file, in bytes.
    private let range: Range<Int>

    /// Nil if the elements are not aligned.
    init?(_ mapping: FileMapping, range: Range<Int>) {
        guard range.lowerBound % MemoryLayout<Float>.alignment == 0 else { return nil }
        self.mapping = mapping
        self.range = range
    }

    public var count: Int { range.count / MemoryLayout<Float>.size }

    /// The elements, valid for as long as this object lives.
    public var floats: UnsafeBufferPointer<Float> {
        UnsafeRawBufferPointer(rebasing: mapping.bytes[range]).assumingMemoryBound(to: Float.self)
    }
}
