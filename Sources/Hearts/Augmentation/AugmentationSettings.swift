import Randomness

/// How strongly training pictures are varied. The defaults are the notebook's.
public struct AugmentationSettings: Codable, Hashable, Sendable {
    /// Degrees to either side.
    public var shearRange: Double

    /// Both axes are scaled independently by 1 - range to 1 + range.
    public var zoomRange: Double

    /// Whether every second picture, on average, is mirrored.
    public var horizontalFlip: Bool
    public var verticalFlip = false

    /// Degrees to either side.
    public var rotationRange: Double = 0

    /// To either side: below 1 a fraction of the width or height, from 1 on pixels.
    ///
    /// Keras 3 takes the width's range for a shift along the height, and the other way round; here each means its own.
    public var widthShiftRange: Double = 0
    public var heightShiftRange: Double = 0

    /// What comes in from beyond the border, and the value of all channels, 0...255, where that is a constant.
    public var fillMode = FillMode.nearest
    public var fillValue: Double = 0

    /// SpecAugment's masks: bands of columns and of rows (`SpectrogramMask`).
    public var timeMasks = 0
    public var frequencyMasks = 0

    /// The largest part of the width, or height, that one mask hides.
    public var maskSize = 0.1

    public init(shearRange: Double = 0.2, zoomRange: Double = 0.2, horizontalFlip: Bool = false) {
        self.shearRange = shearRange
        self.zoomRange = zoomRange
        self.horizontalFlip = horizontalFlip
    }

    /// What the first versions did not have is off where a file does not name it.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            shearRange: try values.decode(Double.self, forKey: .shearRange),
            zoomRange: try values.decode(Double.self, forKey: .zoomRange),
            horizontalFlip: try values.decode(Bool.self, forKey: .horizontalFlip))
        func set<Value: Decodable>(_ value: inout Value, _ key: CodingKeys) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try set(&verticalFlip, .verticalFlip)
        try set(&rotationRange, .rotationRange)
        try set(&widthShiftRange, .widthShiftRange)
        try set(&heightShiftRange, .heightShiftRange)
        try set(&fillMode, .fillMode)
        try set(&fillValue, .fillValue)
        try set(&timeMasks, .timeMasks)
        try set(&frequencyMasks, .frequencyMasks)
        try set(&maskSize, .maskSize)
    }

    /// Throws when a setting, perhaps read from a file, cannot be used.
    public func check() throws(AugmentationError) {
        guard (0..<90).contains(shearRange) else {
            throw AugmentationError(setting: "shear range", problem: "\(shearRange) degrees is not in 0..<90")
        }
        guard (0..<1).contains(zoomRange) else {
            throw AugmentationError(setting: "zoom range", problem: "\(zoomRange) is not in 0..<1")
        }
        guard (0...180).contains(rotationRange) else {
            throw AugmentationError(setting: "rotation range", problem: "\(rotationRange) degrees is not in 0...180")
        }
        for (name, range) in [("width", widthShiftRange), ("height", heightShiftRange)] {
            guard (0...8192).contains(range) else {
                throw AugmentationError(
                    setting: "\(name) shift range",
                    problem: "\(range) is neither a fraction of the \(name) nor 1 to 8192 pixels")
            }
        }
        guard (0...255).contains(fillValue) else {
            throw AugmentationError(setting: "fill value", problem: "\(fillValue) is not in 0...255")
        }
        for (name, masks) in [("time", timeMasks), ("frequency", frequencyMasks)] {
            guard (0...100).contains(masks) else {
                throw AugmentationError(setting: "\(name) masks", problem: "\(masks) is not in 0...100")
            }
        }
        guard (0...1).contains(maskSize) else {
            throw AugmentationError(setting: "mask size", problem: "\(maskSize) is not in 0...1")
        }
    }

    /// What becomes of one sample's picture in one epoch: it is transformed, then parts of it are masked.
    ///
    /// The draws of one setting are made whatever the others are, so that changing one leaves the others as they were.
    public func draw(
        height: Int, width: Int, generator: CounterGenerator
    ) -> (transform: ImageTransform, masks: [SpectrogramMask]) {
        var stream = generator.stream()
        var transform = ImageTransform(fillMode: fillMode, fillValue: fillValue)
        transform.shear = stream.uniform(-shearRange, shearRange)
        transform.zoomX = stream.uniform(1 - zoomRange, 1 + zoomRange)
        transform.zoomY = stream.uniform(1 - zoomRange, 1 + zoomRange)
        transform.flipsHorizontally = stream.uniform() < 0.5 && horizontalFlip
        transform.flipsVertically = stream.uniform() < 0.5 && verticalFlip
        transform.rotation = stream.uniform(-rotationRange, rotationRange)
        let shiftX = widthShiftRange < 1 ? widthShiftRange * Double(width) : widthShiftRange
        let shiftY = heightShiftRange < 1 ? heightShiftRange * Double(height) : heightShiftRange
        transform.shiftX = stream.uniform(-shiftX, shiftX)
        transform.shiftY = stream.uniform(-shiftY, shiftY)

        var masks: [SpectrogramMask] = []
        for index in 0..<max(timeMasks, frequencyMasks) {
            let columns = band(of: width, from: &stream)
            let rows = band(of: height, from: &stream)
            if index < timeMasks { masks.append(SpectrogramMask(rows: 0..<height, columns: columns)) }
            if index < frequencyMasks { masks.append(SpectrogramMask(rows: rows, columns: 0..<width)) }
        }
        return (transform, masks)
    }

    /// A mask's part of an axis of `count` pixels. Its size, from none to the largest, is uniform, and so is its place.
    private func band(of count: Int, from stream: inout CounterStream) -> Range<Int> {
        let largest = Int(maskSize * Double(count))
        let size = Int(stream.uniform(0, Double(largest + 1)))
        let start = Int(stream.uniform(0, Double(count - size + 1)))
        return start..<start + size
    }

    /// Draws what becomes of a picture, does it and scales the picture to -1...1.
    ///
    /// `image` and `output` are `[height, width, 3]`.
    public func apply(
        to image: UnsafeBufferPointer<UInt8>, height: Int, width: Int, output: UnsafeMutableBufferPointer<Float>,
        generator: CounterGenerator
    ) {
        let (transform, masks) = draw(height: height, width: width, generator: generator)
        transform.apply(to: image, height: height, width: width, output: output)
        guard !masks.isEmpty else { return }
        let mean = meanColour(of: image)
        for mask in masks { mask.hide(in: output, width: width, colour: mean) }
    }
}
