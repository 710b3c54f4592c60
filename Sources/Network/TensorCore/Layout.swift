/// How an activation, or the gradient of one, lies in memory.
enum Layout: Equatable {
    /// `[n][c / 16][h][w][16]`, as the kernels take it; channels that only fill the last block up are zero.
    case blocks
    /// One channel: `[n][h][w]`.
    case map
    /// `[n][c]`, behind the flattened image.
    case rows

    func floatCount(batch: Int, _ shape: Shape) -> Int {
        switch self {
        case .blocks: batch * Shape.blocks(shape.channels) * 16 * shape.height * shape.width
        case .map, .rows: batch * shape.count
        }
    }
}

extension Shape {
    /// Blocks of 16 that hold so many channels.
    static func blocks(_ channels: Int) -> Int { (channels + 15) / 16 }

    var pixels: Int { height * width }
    /// Floats from one block of channels of a sample to the next.
    var blockStride: Int { pixels * 16 }
    /// Floats from one sample to the next in blocks.
    var sampleStride: Int { Shape.blocks(channels) * blockStride }
}

/// An activation, or the gradient of one, in a plan.
struct Slot {
    let layout: Layout
    let floatCount: Int
    let buffer: Buffer

    var floats: UnsafeMutablePointer<Float> { buffer.floats }
}
