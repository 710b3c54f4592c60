/// A rectangle of a spectrogram's picture that is hidden from the network, as SpecAugment does.
///
/// Park et al., "SpecAugment: a simple data augmentation method for automatic speech recognition" (Interspeech 2019): a
/// time mask hides some columns, a frequency mask some rows. As there, the mean takes their place: here the picture's
/// mean colour. Silence would look like a finding, and pictures that were not made here may show it in another colour.
public struct SpectrogramMask: Hashable, Sendable {
    public var rows: Range<Int>
    public var columns: Range<Int>

    public init(rows: Range<Int>, columns: Range<Int>) {
        self.rows = rows
        self.columns = columns
    }

    /// Writes `colour` into the rectangle of `image`, `[height, width, 3]`.
    public func hide(in image: UnsafeMutableBufferPointer<Float>, width: Int, colour: SIMD3<Float>) {
        for row in rows {
            for column in columns {
                for channel in 0..<3 { image[3 * (row * width + column) + channel] = colour[channel] }
            }
        }
    }
}

/// The mean of each channel of `image`, `[height, width, 3]`, scaled to -1...1.
func meanColour(of image: UnsafeBufferPointer<UInt8>) -> SIMD3<Float> {
    var sums = SIMD3<Int>()
    for i in stride(from: 0, to: image.count, by: 3) {
        for channel in 0..<3 { sums[channel] &+= Int(image[i + channel]) }
    }
    return SIMD3<Float>(sums) / Float(image.count / 3) / 127.5 - 1
}
