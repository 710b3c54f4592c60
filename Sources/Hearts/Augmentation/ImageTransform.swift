import ElementaryFunctions

/// An affine change of a picture with the meaning Keras gives its parameters (`ImageDataGenerator.apply_transform`).
///
/// Values between pixels are interpolated bilinearly. `constant` and `wrap` jump at the border: what stands just on it,
/// as in the central row of a sheared picture with an odd width, is up to rounding, which is not quite Keras'.
public struct ImageTransform: Hashable, Sendable {
    /// In degrees.
    public var rotation: Double
    public var shear: Double

    /// In pixels: Keras' `tx` along the width and `ty` along the height.
    public var shiftX: Double
    public var shiftY: Double

    /// Keras' `zx` along the width and `zy` along the height: above one, the picture's content becomes smaller.
    public var zoomX: Double
    public var zoomY: Double

    /// Mirror the transformed picture.
    public var flipsHorizontally: Bool
    public var flipsVertically: Bool

    public var fillMode: FillMode

    /// What all channels have beyond the border if the mode is `constant`: Keras' `cval`, 0...255.
    public var fillValue: Double

    public init(
        rotation: Double = 0, shear: Double = 0, shiftX: Double = 0, shiftY: Double = 0, zoomX: Double = 1,
        zoomY: Double = 1, flipsHorizontally: Bool = false, flipsVertically: Bool = false,
        fillMode: FillMode = .nearest, fillValue: Double = 0
    ) {
        self.rotation = rotation
        self.shear = shear
        self.shiftX = shiftX
        self.shiftY = shiftY
        self.zoomX = zoomX
        self.zoomY = zoomY
        self.flipsHorizontally = flipsHorizontally
        self.flipsVertically = flipsVertically
        self.fillMode = fillMode
        self.fillValue = fillValue
    }

    /// Where in the old picture a pixel of the new one comes from: x = xx * column + xy * row + x0, and so for y.
    struct Coordinates {
        let xx, xy, x0: Double
        let yx, yy, y0: Double
    }

    /// rotation * shift * shear * zoom, about the centre.
    ///
    /// Keras takes the centre of the height for x and that of the width for y. So a picture that is not square is also
    /// shifted by half of the difference, as far as the rest is not the identity. We keep that, to train as it does.
    func coordinates(height: Int, width: Int) -> Coordinates {
        let (sine, cosine) = (Elementary.sin(rotation * .pi / 180), Elementary.cos(rotation * .pi / 180))
        let (shearSine, shearCosine) = (Elementary.sin(shear * .pi / 180), Elementary.cos(shear * .pi / 180))
        let xx = cosine * zoomX
        let xy = (-cosine * shearSine - sine * shearCosine) * zoomY
        let yx = sine * zoomX
        let yy = (-sine * shearSine + cosine * shearCosine) * zoomY
        let x = cosine * shiftX - sine * shiftY
        let y = sine * shiftX + cosine * shiftY
        let centreX = Double(height) / 2 - 0.5
        let centreY = Double(width) / 2 - 0.5
        return Coordinates(
            xx: xx, xy: xy, x0: x + centreX - xx * centreX - xy * centreY,
            yx: yx, yy: yy, y0: y + centreY - yx * centreX - yy * centreY)
    }

    /// Transforms a picture and scales it to -1...1 (x / 127.5 - 1) in one pass, without taking memory.
    ///
    /// `image` and `output` are `[height, width, 3]`.
    public func apply(
        to image: UnsafeBufferPointer<UInt8>, height: Int, width: Int, output: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(
            image.count == 3 * height * width && output.count == image.count && !image.isEmpty,
            "augmentation: \(image.count) bytes and \(output.count) places for \(height) x \(width) pixels")
        let source = coordinates(height: height, width: width)
        let (lastX, lastY) = (Double(width - 1), Double(height - 1))
        let fill = Float(fillValue) / 127.5 - 1
        for line in 0..<height {
            let row = Double(flipsVertically ? height - 1 - line : line)
            let rowX = source.x0 + source.xy * row
            let rowY = source.y0 + source.yy * row
            var i = 3 * line * width
            for place in 0..<width {
                let column = Double(flipsHorizontally ? width - 1 - place : place)
                guard let x = fillMode.place(of: rowX + source.xx * column, last: lastX),
                    let y = fillMode.place(of: rowY + source.yx * column, last: lastY)
                else {
                    for channel in 0..<3 { output[i + channel] = fill }
                    i += 3
                    continue
                }
                let (left, top) = (Int(x), Int(y))
                let (dx, dy) = (Float(x - Double(left)), Float(y - Double(top)))
                let a = 3 * (top * width + left)
                let right = left + 1 < width ? 3 : 0
                let below = top + 1 < height ? 3 * width : 0
                for channel in a..<a + 3 {
                    let upper = (1 - dx) * Float(image[channel]) + dx * Float(image[channel + right])
                    let lower = (1 - dx) * Float(image[channel + below]) + dx * Float(image[channel + below + right])
                    output[i] = ((1 - dy) * upper + dy * lower) / 127.5 - 1
                    i += 1
                }
            }
        }
    }
}
