import Foundation
import Testing

@testable import Images

/// Pictures of unusual kinds, and what Pillow makes of them for Keras' loader (scripts/golden/pictures.py).
struct PictureKind: Decodable {
    let file: Data
    /// Nil where Pillow refuses the file.
    let pixels: [UInt8]?

    static let all = try! JSONDecoder().decode(
        [String: PictureKind].self, from: Data(contentsOf: Golden.folder.appendingPathComponent("kinds.json")))
}

@Suite struct PictureKindsTests {
    @Test(arguments: PictureKind.all.keys.sorted())
    func aPictureOfAnyKindReadsAsInKerasOrIsRefusedAsThere(name: String) throws {
        let kind = try #require(PictureKind.all[name])
        guard let expected = kind.pixels else {
            let error = #expect(throws: ImageError.self) { try Image(bytes: [UInt8](kind.file), name: "a picture") }
            #expect(error?.description.contains("ends before its picture does") == true, "\(error?.problem ?? "")")
            return
        }
        let image = try Image(bytes: [UInt8](kind.file), name: name)
        #expect(image.pixels.count == expected.count)
        let worst = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 0
        // Two versions of libjpeg-turbo may round differently, and what is behind damage hangs on it.
        #expect(worst <= (kind.file.first == 0xFF ? 1 : 0), "worst difference \(worst)")
    }

    @Test(arguments: [
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
            "git-lfs pointer, not the file itself; run git lfs pull"
        ),
        ("<!DOCTYPE html><html>", "a web page; copy or download it again"), ("", "the file is empty"),
        ("RIFF\0\0\0\0WAVEfmt ", "a WAV sound; give it the ending .wav"),
        ("GIF89a", "a GIF picture, which is not read"),
        ("\0\0\0\0\0\0\0\0\0\0", "nothing but zeros"),
    ])
    func whatIsNoPictureIsCalledWhatItIs(text: String, words: String) {
        let error = #expect(throws: ImageError.self) { try Image(bytes: Array(text.utf8), name: "x.png") }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
}
