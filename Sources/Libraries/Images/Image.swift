/// A picture of 8-bit sRGB pixels.
public struct Image: Hashable, Sendable {
    public let width: Int
    public let height: Int

    /// Red, green and blue of each pixel, row by row from the top: `[height, width, 3]`.
    public let pixels: [UInt8]

    /// The most pixels a picture read from a file may have, so that a forged header cannot exhaust memory.
    public static let maximumPixels = 1 << 26

    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(
            width > 0 && height > 0 && pixels.count == 3 * width * height,
            "image: \(pixels.count) bytes for \(width) x \(height) pixels")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Red, green and blue at a column and a row counted from the top left.
    public subscript(x: Int, y: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
        let i = 3 * (y * width + x)
        return (pixels[i], pixels[i + 1], pixels[i + 2])
    }
}
