import Foundation
import Randomness
import Testing

@testable import Augmentation

/// Random pictures transformed by Keras (scripts/golden/augmentation.py).
struct Golden: Decodable, CustomTestStringConvertible {
    struct Parameters: Decodable {
        let theta, shear, tx, ty, zx, zy: Double?
        let flipHorizontal: Bool?
    }

    let height: Int
    let width: Int
    let image: [UInt8]
    let transform: Parameters
    let output: [Float]

    static let cases: [Golden] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
        let data = try! Data(contentsOf: folder.appendingPathComponent("augmentation.json"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try! decoder.decode([Golden].self, from: data)
    }()

    var testDescription: String { "\(height) x \(width): \(transform)" }
}

@Suite struct AugmentationTests {
    private func apply(_ transform: ImageTransform, _ image: [UInt8], _ height: Int, _ width: Int) -> [Float] {
        var output = [Float](repeating: .nan, count: image.count)
        image.withUnsafeBufferPointer { image in
            output.withUnsafeMutableBufferPointer {
                transform.apply(to: image, height: height, width: width, output: $0)
            }
        }
        return output
    }

    @Test(arguments: Golden.cases) func transformsAreThoseOfKeras(golden: Golden) {
        let parameters = golden.transform
        let transform = ImageTransform(
            rotation: parameters.theta ?? 0, shear: parameters.shear ?? 0, shiftX: parameters.tx ?? 0,
            shiftY: parameters.ty ?? 0, zoomX: parameters.zx ?? 1, zoomY: parameters.zy ?? 1,
            flipsHorizontally: parameters.flipHorizontal ?? false)
        let output = apply(transform, golden.image, golden.height, golden.width)
        let worst = zip(output, golden.output).map { abs($0 - ($1 / 127.5 - 1)) }.max() ?? .infinity
        #expect(worst < 1e-6, "\(worst)")
    }

    @Test func theIdentityIsTheNormalization() {
        let image = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 91) }
        var normalized = [Float](repeating: 0, count: 300)
        image.withUnsafeBufferPointer { image in
            normalized.withUnsafeMutableBufferPointer { normalize(image, into: $0) }
        }
        #expect(apply(ImageTransform(), image, 10, 10) == normalized)
        #expect(normalized == image.map { Float($0) / 127.5 - 1 })
    }

    @Test func drawsFillTheirRangesEvenly() {
        let settings = AugmentationSettings(shearRange: 10, zoomRange: 0.3, horizontalFlip: true)
        let transforms = (0..<4000).map {
            settings.transform(generator: CounterGenerator(seed: 1, purpose: .augmentation, round: 2, item: $0))
        }
        let draws: [(values: [Double], low: Double, high: Double)] = [
            (transforms.map(\.shear), -10, 10), (transforms.map(\.zoomX), 0.7, 1.3),
            (transforms.map(\.zoomY), 0.7, 1.3), (transforms.map { $0.flipsHorizontally ? 1 : 0 }, 0, 1),
        ]
        for (values, low, high) in draws {
            let mean = values.reduce(0, +) / 4000
            #expect(values.allSatisfy { $0 >= low && $0 <= high })
            #expect(abs(mean - (low + high) / 2) < 0.03 * (high - low))
            #expect((values.min() ?? 0) - low < 0.01 * (high - low) && high - (values.max() ?? 0) < 0.01 * (high - low))
        }
        let products = transforms.map { ($0.zoomX - 1) * ($0.zoomY - 1) }
        #expect(abs(products.reduce(0, +) / 4000) < 0.0015)
    }

    @Test func aDrawDependsOnItsKeyOnly() {
        let generator = CounterGenerator(seed: 3, purpose: .augmentation, round: 1, item: 5)
        let draw = AugmentationSettings().transform(generator: generator)
        #expect(draw == AugmentationSettings().transform(generator: generator))
        #expect(
            draw
                != AugmentationSettings().transform(
                    generator: CounterGenerator(seed: 3, purpose: .augmentation, round: 2, item: 5)))
        let flipped = AugmentationSettings(horizontalFlip: true).transform(generator: generator)
        #expect(flipped.zoomX == draw.zoomX && flipped.shear == draw.shear)
        #expect(!draw.flipsHorizontally)
    }

    @Test(arguments: [(-1, 0), (90, 0), (.nan, 0), (0, 1), (0, -0.1), (0, .infinity)])
    func rangesThatCannotBeUsedAreRefused(shear: Double, zoom: Double) {
        #expect(throws: AugmentationError.self) {
            try AugmentationSettings(shearRange: shear, zoomRange: zoom).check()
        }
    }

    @Test(arguments: [(64, 96, 1.0), (432, 288, 8.0)])
    func augmentingIsFast(height: Int, width: Int, milliseconds: Double) {
        let image = [UInt8](repeating: 100, count: 3 * height * width)
        let transform = ImageTransform(shear: 0.1, zoomX: 0.9, zoomY: 1.1)
        let times = (0..<7).map { _ in ContinuousClock().measure { _ = apply(transform, image, height, width) } }
        #expect((times.min() ?? .seconds(9)) < .milliseconds(milliseconds), "\(times)")
    }
}
