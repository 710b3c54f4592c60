/// How the pixels of a resized picture are found.
public enum Resampling: String, Codable, Hashable, Sendable {
    /// The pixel under the centre of the new one, exactly as Pillow's NEAREST, which Keras' loader uses.
    case nearest

    /// Linear between the four pixels around the centre of the new one, at half-pixel centres and without a wider
    /// filter when shrinking (PyTorch's `interpolate(mode: bilinear, align_corners: false)`), rounded to nearest.
    case bilinear
}

extension Image {
    public func resized(width: Int, height: Int, method: Resampling) -> Image {
        precondition(width > 0 && height > 0, "resized: \(width) x \(height)")
        if width == self.width && height == self.height { return self }
        switch method {
        case .nearest: return nearest(width: width, height: height)
        case .bilinear: return bilinear(width: width, height: height)
        }
    }

    private func nearest(width: Int, height: Int) -> Image {
        let columns = Self.nearestIndices(from: self.width, to: width)
        let rows = Self.nearestIndices(from: self.height, to: height)
        let result = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { output, count in
            count = 3 * width * height
            var i = 0
            for row in rows {
                for column in columns {
                    let source = 3 * (row * self.width + column)
                    for channel in 0..<3 { output[i + channel] = pixels[source + channel] }
                    i += 3
                }
            }
        }
        return Image(width: width, height: height, pixels: result)
    }

    /// Adds up the step as Pillow does, so that rounding falls on the same side.
    private static func nearestIndices(from source: Int, to target: Int) -> [Int] {
        let step = Double(source) / Double(target)
        var position = step * 0.5
        return (0..<target).map { _ in
            defer { position += step }
            return min(Int(position), source - 1)
        }
    }

    private func bilinear(width: Int, height: Int) -> Image {
        let columns = Self.linearTaps(from: self.width, to: width)
        let rows = Self.linearTaps(from: self.height, to: height)
        let result = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { output, count in
            count = 3 * width * height
            pixels.withUnsafeBufferPointer { input in
                var i = 0
                for row in rows {
                    let top = 3 * row.first * self.width
                    let bottom = 3 * row.second * self.width
                    for column in columns {
                        let left = 3 * column.first
                        let right = 3 * column.second
                        for channel in 0..<3 {
                            let a = Float(input[top + left + channel])
                            let b = Float(input[top + right + channel])
                            let c = Float(input[bottom + left + channel])
                            let d = Float(input[bottom + right + channel])
                            let upper = a + column.weight * (b - a)
                            let lower = c + column.weight * (d - c)
                            output[i + channel] = UInt8(upper + row.weight * (lower - upper) + 0.5)
                        }
                        i += 3
                    }
                }
            }
        }
        return Image(width: width, height: height, pixels: result)
    }

    /// For each new index, the two old ones around its centre and the weight of the second.
    private static func linearTaps(from source: Int, to target: Int) -> [(first: Int, second: Int, weight: Float)] {
        let step = Double(source) / Double(target)
        return (0..<target).map { i in
            let position = min(max((Double(i) + 0.5) * step - 0.5, 0), Double(source - 1))
            let first = Int(position)
            return (first, min(first + 1, source - 1), Float(position - Double(first)))
        }
    }
}
