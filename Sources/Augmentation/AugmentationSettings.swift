import Randomness

/// How strongly training pictures are varied. The defaults are the notebook's.
public struct AugmentationSettings: Codable, Hashable, Sendable {
    /// Degrees to either side.
    public var shearRange: Double

    /// Both axes are scaled independently by 1 - range to 1 + range.
    public var zoomRange: Double

    /// Whether every second picture, on average, is mirrored.
    public var horizontalFlip: Bool

    public init(shearRange: Double = 0.2, zoomRange: Double = 0.2, horizontalFlip: Bool = false) {
        self.shearRange = shearRange
        self.zoomRange = zoomRange
        self.horizontalFlip = horizontalFlip
    }

    /// Throws when a range, perhaps read from a file, cannot be used.
    public func check() throws(AugmentationError) {
        guard (0..<90).contains(shearRange) else {
            throw AugmentationError(setting: "shear range", problem: "\(shearRange) degrees is not in 0..<90")
        }
        guard (0..<1).contains(zoomRange) else {
            throw AugmentationError(setting: "zoom range", problem: "\(zoomRange) is not in 0..<1")
        }
    }

    /// The transform of one sample in one epoch.
    ///
    /// All draws are made whatever the settings, so that changing one leaves the others as they were.
    public func transform(generator: CounterGenerator) -> ImageTransform {
        var stream = generator.stream()
        let shear = stream.uniform(-shearRange, shearRange)
        let zoomX = stream.uniform(1 - zoomRange, 1 + zoomRange)
        let zoomY = stream.uniform(1 - zoomRange, 1 + zoomRange)
        let flip = stream.uniform() < 0.5
        return ImageTransform(shear: shear, zoomX: zoomX, zoomY: zoomY, flipsHorizontally: flip && horizontalFlip)
    }

    /// Draws a transform, applies it to a picture and scales it to -1...1, in one pass.
    ///
    /// `image` and `output` are `[height, width, 3]`.
    public func apply(
        to image: UnsafeBufferPointer<UInt8>, height: Int, width: Int, output: UnsafeMutableBufferPointer<Float>,
        generator: CounterGenerator
    ) {
        transform(generator: generator).apply(to: image, height: height, width: width, output: output)
    }
}
