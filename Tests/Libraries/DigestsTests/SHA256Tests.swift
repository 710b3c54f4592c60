import Digests
import Files
import Foundation
import Testing

/// FIPS 180-4's example messages, the empty message, and the million a's of NIST's long-message example, as
/// (text, how often it is repeated, digest).
private let published: [(String, Int, String)] = [
    ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
]

@Test(arguments: published) func theDigestIsThePublishedOne(text: String, times: Int, expected: String) {
    let message = String(repeating: text, count: times)
    #expect(SHA256.digest(of: message) == expected)
    #expect(SHA256.digest(of: Array(message.utf8)) == expected)
}

@Test(arguments: [1, 3, 55, 56, 63, 64, 65, 4096]) func partsGiveTheDigestOfTheWhole(partLength: Int) {
    let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    var digest = SHA256()
    for start in stride(from: 0, to: bytes.count, by: partLength) {
        digest.update(Array(bytes[start..<min(start + partLength, bytes.count)]))
    }
    #expect(digest.finalize() == published[4].2)
}

@Test func addingAfterTheEndBeginsANewDigest() {
    var digest = SHA256()
    digest.update("something else")
    _ = digest.finalize()
    digest.update("a")
    digest.update("bc")
    #expect(digest.finalize() == published[1].2)
}

@Test func aFileLongerThanABlockIsDigestedWhole() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("digest-\(UUID()).bin").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 3 << 20 | 17)
    #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
    #expect(try SHA256.digest(ofFileAt: path) == SHA256.digest(of: bytes))
}

@Test(arguments: [("/nowhere/recording.wav", "check the path"), ("/tmp", "not a regular file (a folder)")])
func aFileThatCannotBeReadIsNamed(path: String, remedy: String) throws {
    let error = try #require(throws: FileError.self) { try SHA256.digest(ofFileAt: path) }
    #expect(error.description.hasPrefix(path))
    #expect(error.description.contains(remedy))
}
