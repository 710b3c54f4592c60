import Foundation
import Testing

@testable import Augmentation

/// A random picture, transformed by Keras (scripts/golden/augmentation.py).
struct Golden: Decodable {
    struct Parameters: Decodable {
        let theta, shear, tx, ty, zx, zy: Double?
        let flipHorizontal, flipVertical: Bool?
    }

    struct Case: Decodable {
        let transform: Parameters
        let fillMode: FillMode
        let fillValue: Double
        let output: [Float]
    }

    let height: Int
    let width: Int
    let image: [UInt8]
    let cases: [Case]

    static let pictures: [Golden] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
        let data = try! Data(contentsOf: folder.appendingPathComponent("augmentation.json"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try! decoder.decode([Golden].self, from: data)
    }()
}

private func apply(_ transform: ImageTransform, _ image: [UInt8], _ height: Int, _ width: Int) -> [Float] {
    var output = [Float](repeating: .nan, count: image.count)
    image.withUnsafeBufferPointer { image in
        output.withUnsafeMutableBufferPointer {
            transform.apply(to: image, height: height, width: width, output: $0)
        }
    }
    return output
}

@Test(arguments: Golden.pictures.indices, FillMode.allCases)
func transformsAreThoseOfKeras(picture: Int, fillMode: FillMode) {
    let golden = Golden.pictures[picture]
    let cases = golden.cases.filter { $0.fillMode == fillMode }
    #expect(cases.count >= 12)
    for wanted in cases {
        let parameters = wanted.transform
        let transform = ImageTransform(
            rotation: parameters.theta ?? 0, shear: parameters.shear ?? 0, shiftX: parameters.tx ?? 0,
            shiftY: parameters.ty ?? 0, zoomX: parameters.zx ?? 1, zoomY: parameters.zy ?? 1,
            flipsHorizontally: parameters.flipHorizontal ?? false, flipsVertically: parameters.flipVertical ?? false,
            fillMode: fillMode, fillValue: wanted.fillValue)
        let output = apply(transform, golden.image, golden.height, golden.width)
        let worst = zip(output, wanted.output).map { abs($0 - ($1 / 127.5 - 1)) }.max() ?? .infinity
        #expect(worst < 1e-6, "\(worst) with \(transform)")
    }
}

/// The rows that scipy's documentation has for its modes, with zero for the fill value.
@Test(
    arguments: [
        (.nearest, [10, 10, 10, 10, 20, 30, 40, 40, 40, 40]), (.constant, [0, 0, 0, 10, 20, 30, 40, 0, 0, 0]),
        (.reflect, [30, 20, 10, 10, 20, 30, 40, 40, 30, 20]), (.wrap, [40, 20, 30, 10, 20, 30, 40, 20, 30, 10]),
    ] as [(FillMode, [Int])])
func aPictureGoesOnBeyondItsBorderAsScipySays(fillMode: FillMode, row: [Int]) {
    let places = (-3..<7).map { fillMode.place(of: Double($0), last: 3) }
    #expect(places.map { $0.map { 10 + 10 * Int($0) } ?? 0 } == row)
}

@Test(arguments: FillMode.allCases, [-1e12, -8192, -0.5, 0, 0.5, 8192, 1e12])
func everyPlaceLiesInThePicture(fillMode: FillMode, coordinate: Double) {
    for last in [0.0, 1, 8191] {
        let place = fillMode.place(of: coordinate, last: last)
        #expect(place.map { (0...last).contains($0) } ?? (fillMode == .constant))
    }
}

@Test(arguments: FillMode.allCases) func theIdentityIsTheNormalization(fillMode: FillMode) {
    let image = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 91) }
    var normalized = [Float](repeating: 0, count: 300)
    image.withUnsafeBufferPointer { image in
        normalized.withUnsafeMutableBufferPointer { normalize(image, into: $0) }
    }
    #expect(apply(ImageTransform(fillMode: fillMode), image, 10, 10) == normalized)
    #expect(normalized == image.map { Float($0) / 127.5 - 1 })
}

@Test(arguments: [(64, 96, 1.0), (432, 288, 8.0)], FillMode.allCases)
func transformingIsFast(size: (height: Int, width: Int, milliseconds: Double), fillMode: FillMode) {
    let image = [UInt8](repeating: 100, count: 3 * size.height * size.width)
    let transform = ImageTransform(shear: 0.1, zoomX: 0.9, zoomY: 1.1, fillMode: fillMode)
    let times = (0..<7).map { _ in ContinuousClock().measure { _ = apply(transform, image, size.height, size.width) } }
    #expect((times.min() ?? .seconds(9)) < .milliseconds(size.milliseconds), "\(times)")
}
