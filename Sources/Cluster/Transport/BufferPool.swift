import Parameters

/// Buffers of one size that are used again once nobody else holds them.
///
/// A frame that borrows a buffer holds it until it is sent, so a buffer is never written while it is on its way.
package struct BufferPool {
    let count: Int
    /// Should other processes of this machine be able to read them?
    let isShared: Bool
    private var buffers: [FloatBuffer] = []

    package init(count: Int, isShared: Bool = false) {
        self.count = count
        self.isShared = isShared
    }

    /// A buffer that nobody reads; what it holds is arbitrary.
    package mutating func take() throws -> FloatBuffer {
        for i in buffers.indices where isKnownUniquelyReferenced(&buffers[i]) { return buffers[i] }
        let buffer = isShared ? try FloatBuffer.shared(count: count) : FloatBuffer(count: count)
        buffers.append(buffer)
        return buffer
    }
}
