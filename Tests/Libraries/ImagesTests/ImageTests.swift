import Foundation
import Testing

@testable import Images

/// What Pillow, Keras and SciPy make of the pictures in the Golden folder (scripts/golden/signal.py).
struct Golden: Decodable {
    struct Resized: Decodable {
        let height: Int
        let width: Int
        let pixels: [Float]
    }

    let width: Int
    let height: Int
    let decoded: [String: [UInt8]]
    let nearest: [Resized]
    let bilinear: [Resized]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

    static func load() throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: folder.appendingPathComponent("images.json")))
    }

    static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
}

@Suite struct ImageTests {
    let golden: Golden
    let colour: Image

    init() throws {
        golden = try Golden.load()
        colour = try Image(contentsOf: Golden.path("colour.png"))
    }

    @Test(arguments: ["colour.png", "grey.png", "palette.png", "bilevel.png", "alpha.png"])
    func aPNGOfAnyColourTypeReadsAsInKeras(name: String) throws {
        let image = try Image(contentsOf: Golden.path(name))
        #expect(image.width == golden.width && image.height == golden.height)
        #expect(image.pixels == golden.decoded[name])
    }

    @Test(arguments: ["colour.jpg", "grey.jpg", "progressive.jpg", "subsampled.jpeg"])
    func aJPEGReadsAsInKeras(name: String) throws {
        let image = try Image(contentsOf: Golden.path(name))
        let expected = try #require(golden.decoded[name])
        #expect(image.pixels.count == expected.count)
        // Both are libjpeg-turbo, but of different versions, whose colour conversion may round differently.
        let worst = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect(worst <= 1, "worst difference \(worst)")
    }

    @Test func nearestNeighboursAreTheOnesOfKeras() {
        for size in golden.nearest {
            let resized = colour.resized(width: size.width, height: size.height, method: .nearest)
            #expect(resized.pixels == size.pixels.map { UInt8($0) }, "\(size.height) x \(size.width)")
        }
    }

    @Test func bilinearResizingIsSciPysRoundedToNearest() {
        for size in golden.bilinear {
            let resized = colour.resized(width: size.width, height: size.height, method: .bilinear)
            let worst = zip(resized.pixels, size.pixels).map { abs(Float($0) - $1) }.max() ?? .infinity
            #expect(worst <= 0.5005, "\(size.height) x \(size.width): \(worst)")
        }
    }

    @Test func aWrittenPNGReadsBackUnchanged() throws {
        #expect(try Image(bytes: colour.png(), name: "copy") == colour)
        let noise = (0..<3 * 200 * 100).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 7) }
        let image = Image(width: 200, height: 100, pixels: noise)
        #expect(try Image(bytes: image.png(), name: "noise") == image)
    }

    @Test(arguments: ["colour.png", "colour.jpg"])
    func aTruncatedFileIsRefusedByName(name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Golden.path(name))))
        for length in [0, 1, 9, 20, bytes.count / 3, bytes.count / 2, bytes.count * 3 / 4] {
            let error = #expect(throws: ImageError.self) {
                try Image(bytes: Array(bytes.prefix(length)), name: "torn")
            }
            #expect(error?.description.hasPrefix("torn: ") == true)
            #expect(error?.description.contains("\n") == false)
        }
    }

    @Test func aForgedSizeIsRefusedBeforeMemoryIsTaken() throws {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Golden.path("colour.jpg"))))
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
        let error = #expect(throws: ImageError.self) { try Image(bytes: bytes, name: "huge.jpg") }
        #expect(error?.problem == "65500 x 65500 pixels, at most 67108864 are read")
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: ImageError.self) { try Image(contentsOf: "/nowhere/heart.png") }
        #expect(error?.name == "/nowhere/heart.png")
    }
}
