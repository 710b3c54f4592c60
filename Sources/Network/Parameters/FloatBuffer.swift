#if canImport(Glibc)
    import Glibc
#endif

/// A fixed number of floats at one address, zero at first, shared by reference.
///
/// `@unchecked Sendable`: the floats are plain memory. Whoever holds a buffer that others may read treats it as
/// immutable; it is written only while its writer holds the one reference (`isKnownUniquelyReferenced`) or before it
/// is handed on through a lock or a socket, which order memory.
public final class FloatBuffer: @unchecked Sendable {
    public let count: Int
    public let base: UnsafeMutablePointer<Float>
    private let byteCount: Int
    /// The file in which the first floats lie that other processes can see; nil for memory of this process alone.
    public let descriptor: CInt?
    /// How many these are.
    public let sharedCount: Int

    public init(count: Int) {
        precondition(count >= 0, "FloatBuffer: \(count) floats")
        self.count = count
        byteCount = max(count, 1) * MemoryLayout<Float>.stride
        base = Self.freshPages(byteCount).assumingMemoryBound(to: Float.self)
        (descriptor, sharedCount) = (nil, 0)
    }

    /// The first `shared` floats of a file, which stay shared with whoever else maps it, and behind them zeros of this
    /// process alone. The file must have whole pages. The buffer closes the descriptor, at once if it fails. Writing to
    /// a buffer that is not writable ends the process.
    public init?(mapping descriptor: CInt, shared: Int, count: Int, isWritable: Bool) {
        precondition(0 <= shared && shared <= count, "FloatBuffer: \(shared) of \(count) floats are shared")
        self.count = count
        byteCount = max(count, 1) * MemoryLayout<Float>.stride
        let place = shared < count ? Self.freshPages(byteCount) : nil
        let sharedBytes = max(shared, 1) * MemoryLayout<Float>.stride
        let protection = isWritable ? PROT_READ | PROT_WRITE : PROT_READ
        let pages = mmap(place, sharedBytes, protection, MAP_SHARED | (place == nil ? 0 : MAP_FIXED), descriptor, 0)
        guard let pages, pages != MAP_FAILED else {
            if let place { munmap(place, byteCount) }
            close(descriptor)
            return nil
        }
        base = pages.assumingMemoryBound(to: Float.self)
        (self.descriptor, sharedCount) = (descriptor, shared)
    }

    /// Zeros that are not touched yet. A large buffer returns its pages when it goes.
    private static func freshPages(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let pages = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pages, pages != MAP_FAILED else {
            fatalError("out of memory: a buffer of \(byteCount) bytes")
        }
        // A large buffer is walked with fewer misses of the address cache in huge pages; the system may decline.
        if byteCount >= 1 << 22 { madvise(pages, byteCount, MADV_HUGEPAGE) }
        return pages
    }

    deinit {
        munmap(base, byteCount)
        if let descriptor { close(descriptor) }
    }

    public var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(floats) }

    public func floats(of parameter: Parameter) -> UnsafeMutableBufferPointer<Float> {
        precondition(parameter.range.upperBound <= count, "\(parameter.name) lies outside the buffer")
        return UnsafeMutableBufferPointer(start: base + parameter.offset, count: parameter.count)
    }
}

extension FloatBuffer {
    /// A copy of floats.
    public convenience init(_ floats: UnsafeBufferPointer<Float>) {
        self.init(count: floats.count)
        if let start = floats.baseAddress { base.update(from: start, count: floats.count) }
    }
}
