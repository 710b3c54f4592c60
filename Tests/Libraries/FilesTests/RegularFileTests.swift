import Foundation
import Testing

@testable import Files

/// A folder that is removed with the value.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("files-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite(.timeLimit(.minutes(1))) struct RegularFileTests {
    let folder = try! TemporaryFolder()

    /// The path of one of each kind.
    private func make(_ kind: String) throws -> String {
        let path = "\(folder.path)/\(kind).wav"
        switch kind {
        case "pipe": #expect(mkfifo(path, 0o600) == 0)
        case "linked-pipe":
            #expect(mkfifo(path + ".fifo", 0o600) == 0)
            #expect(symlink(path + ".fifo", path) == 0)
        case "folder": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case "dangling": #expect(symlink("nowhere.wav", path) == 0)
        case "annex": #expect(symlink("../.git/annex/objects/a/b/MD5E-s24--0.wav", path) == 0)
        case "circle": #expect(symlink(path, path) == 0)
        case "device": return "/dev/zero"
        case "socket":
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(status == 0)
        default: break
        }
        return path
    }

    @Test(arguments: [
        ("pipe", "not a regular file (a named pipe)"), ("linked-pipe", "not a regular file (a named pipe)"),
        ("folder", "not a regular file (a folder)"), ("socket", "not a regular file (a socket)"),
        ("device", "not a regular file (a device)"), ("missing", "there is no such file"),
        ("dangling", "a link to \"nowhere.wav\", which is not there"), ("annex", "run git annex get"),
        ("circle", "levels of symbolic links"),
    ])
    func whatIsNoFileIsRefusedWithoutWaitingForIt(kind: String, words: String) throws {
        let path = try make(kind)
        let error = #expect(throws: FileError.self) { try RegularFile.contents(of: path, atMost: 100) }
        #expect(error?.description.hasPrefix(path + ": ") == true)
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test func aFileIsReadBehindALinkAndInParts() throws {
        let path = folder.path + "/a"
        try Data(0..<100).write(to: URL(fileURLWithPath: path))
        #expect(symlink("a", folder.path + "/b") == 0)
        #expect(try RegularFile.contents(of: folder.path + "/b", atMost: 100) == Array(0..<100))
        #expect(throws: FileError.self) { try RegularFile.contents(of: path, atMost: 99) }
        let file = try RegularFile(path)
        #expect(file.size == 100)
        #expect(try file.bytes(in: 98..<200) == [98, 99])
        #expect(try file.bytes(in: 200..<300) == [])
    }
}
