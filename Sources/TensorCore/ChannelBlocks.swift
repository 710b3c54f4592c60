import OneDNN

/// The loops over an activation that our own kernels share: memory is `[n][blocks][pixels][lanes]`.
///
/// It covers every layout that oneDNN gives to activations: nchw, nhwc, nChw8c and nChw16c. Channels beyond the last
/// one, which fill up the last block, are zero.
struct ChannelBlocks {
    let batch: Int
    let channels: Int
    let height: Int
    let width: Int
    /// Channels that lie side by side.
    let lanes: Int

    init(_ shape: Shape, batch: Int, layout: Layout) {
        guard let lanes = layout.channelBlock else {
            preconditionFailure("a layout of \(shape) that is not made of blocks of channels")
        }
        self.batch = batch
        channels = shape.channels
        height = shape.height
        width = shape.width
        self.lanes = lanes
    }

    var blocks: Int { (channels + lanes - 1) / lanes }
    var pixels: Int { height * width }
    /// Floats from one block of channels of a sample to the next.
    var blockStride: Int { pixels * lanes }
    /// Floats from one sample to the next.
    var sampleStride: Int { blocks * blockStride }
}
