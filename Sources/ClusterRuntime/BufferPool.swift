import Parameters

/// Buffers of one size that are used again once nobody else holds them.
///
/// A frame that borrows a buffer holds it until it is sent, so a buffer is never written while it is on its way.
struct BufferPool {
    let count: Int
    private var buffers: [FloatBuffer] = []

    init(count: Int) { self.count = count }

    /// A buffer that nobody reads; what it holds is arbitrary.
    mutating func take() -> FloatBuffer {
        for i in buffers.indices where isKnownUniquelyReferenced(&buffers[i]) { return buffers[i] }
        let buffer = FloatBuffer(count: count)
        buffers.append(buffer)
        return buffer
    }
}
