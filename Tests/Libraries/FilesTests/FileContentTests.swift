import Foundation
import Testing

@testable import Files

@Suite struct FileContentTests {
    let folder = try! TemporaryFolder()

    static let cases: [(bytes: [UInt8], kind: FileContent.Kind, words: String)] = [
        ([], .empty, "an empty file"),
        ([UInt8](repeating: 0, count: 50), .zeros, "nothing but zeros"),
        (Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n".utf8), .foreign, "git-lfs pointer"),
        (Array("/annex/objects/MD5E-s3--0.wav\n".utf8), .foreign, "git-annex pointer"),
        (Array("\u{FEFF}\n <!DOCTYPE HTML><title>403</title>".utf8), .foreign, "a web page"),
        (Array("<?xml version=\"1.0\"?><Error>AccessDenied</Error>".utf8), .foreign, "an XML file"),
        (Array("{\"message\": \"Not Found\"}".utf8), .foreign, "a JSON file"),
        (Array("Größe\r\n".utf8), .foreign, "a text file"), ([0xFF, 0xFE, 0x41, 0], .foreign, "a text file"),
        ([0, 5, 0x16, 7, 0, 2, 0, 0], .foreign, "AppleDouble"),
        ([0, 0, 0, 0x20] + Array("ftypM4A ".utf8), .foreign, "MP4"),
        (Array("PK\u{3}\u{4}".utf8) + [20, 0], .foreign, "zip"), ([0x1F, 0x8B, 8], .foreign, "gzip"),
        (Array("RIFF\0\0\0\0AVI LIST".utf8), .foreign, "AVI"), (Array("RIFF\0\0\0\0WAVEfmt ".utf8), .wave, "WAV"),
        (Array("RF64".utf8) + [255, 255, 255, 255] + Array("WAVEds64".utf8), .wave, "WAV"),
        (Array("OggS\0\u{2}".utf8), .ogg, "Ogg"), (Array("fLaC".utf8), .flac, "FLAC"),
        ([0xFF, 0xD8, 0xFF, 0xE0], .jpeg, "JPEG"), ([0xFF, 0xF1, 0x50, 0x80], .foreign, "AAC"),
        (mp3(frames: 3), .mp3, "MP3"), (Array(mp3(frames: 1).prefix(100)), .foreign, "no format that is known"),
        // A frame that another kind of thing follows.
        (mp3(frames: 1) + [UInt8](repeating: 7, count: 500), .foreign, "no format that is known"),
        (Array("RIFF".utf8) + [0x80, 0], .foreign, "no format that is known"),
    ]

    /// Frames of 417 bytes: 128 kbit/s at 44.1 kHz.
    static func mp3(frames: Int) -> [UInt8] {
        (0..<frames).flatMap { _ in [0xFF, 0xFB, 0x90, 0] + [UInt8](repeating: 0, count: 413) }
    }

    @Test(arguments: cases.indices) func whatAFileIsItsBytesTell(index: Int) {
        let (bytes, kind, words) = Self.cases[index]
        let content = FileContent(of: bytes)
        #expect(content.kind == kind && content.words.contains(words), "\(content.words)")
    }

    @Test func aTagInFrontOfASoundIsPassedOver() throws {
        let path = folder.path + "/tagged"
        let tag = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0x27, 0x10] + [UInt8](repeating: 0, count: 5008)
        try Data(tag + Array("fLaC".utf8)).write(to: URL(fileURLWithPath: path))
        let file = try RegularFile(path)
        let (content, start) = try file.content()
        #expect(content.kind == .flac && start == 5018)
    }

    @Test(arguments: [(0, "nothing but zeros"), (1, "zeros, and then")])
    func zerosAreFollowedToTheirEnd(last: UInt8, words: String) throws {
        let path = folder.path + "/zeros"
        try Data([UInt8](repeating: 0, count: 3 << 20) + [last]).write(to: URL(fileURLWithPath: path))
        let file = try RegularFile(path)
        let content = try file.content().content
        #expect(content.words.contains(words), "\(content.words)")
    }
}
