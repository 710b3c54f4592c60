import Foundation

/// An affine change of a picture with the meaning Keras gives its parameters (`ImageDataGenerator.apply_transform`).
///
/// Values between pixels are interpolated bilinearly; beyond the border the nearest pixel goes on.
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

    /// Mirrors the transformed picture.
    public var flipsHorizontally: Bool

    public init(
        rotation: Double = 0, shear: Double = 0, shiftX: Double = 0, shiftY: Double = 0, zoomX: Double = 1,
        zoomY: Double = 1, flipsHorizontally: Bool = false
    ) {
        self.rotation = rotation
        self.shear = shear
        self.shiftX = shiftX
        self.shiftY = shiftY
        self.zoomX = zoomX
        self.zoomY = zoomY
        self.flipsHorizontally = flipsHorizontally
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
        let (sine, cosine) = (sin(rotation * .pi / 180), cos(rotation * .pi / 180))
        let (shearSine, shearCosine) = (sin(shear * .pi / 180), cos(shear * .pi / 180))
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
        for row in 0..<height {
            let rowX = source.x0 + source.xy * Double(row)
            let rowY = source.y0 + source.yy * Double(row)
            var i = 3 * row * width
            for place in 0..<width {
                let column = Double(flipsHorizontally ? width - 1 - place : place)
                let x = min(max(rowX + source.xx * column, 0), lastX)
                let y = min(max(rowY + source.yx * column, 0), lastY)
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
