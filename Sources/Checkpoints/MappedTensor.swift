/// A float32 tensor that lies in a file, read where it is.
///
/// Elements that were read count as memory of the process until they are discarded or the system needs the memory: it
/// can always load them again.
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

    /// Gives back the memory of the elements `range`, for example of rows that will not be read again soon. They keep
    /// their values, for other readers too.
    public func discard(_ elements: Range<Int>) {
        precondition(
            elements.lowerBound >= 0 && elements.upperBound <= count, "discard: \(elements) of \(count) elements")
        let size = MemoryLayout<Float>.size
        let start = range.lowerBound + elements.lowerBound * size
        mapping.discard(start..<start + elements.count * size)
    }
}
