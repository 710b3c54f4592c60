import Foundation

/// A folder of this process, for the parsers that take a path.
final class ScratchFolder: Sendable {
    static let shared = ScratchFolder()

    let path: String

    private init() {
        let pattern = NSTemporaryDirectory() + "/hbn-fuzz-XXXXXX"
        path = pattern.withCString { start in
            var name = Array(UnsafeBufferPointer(start: start, count: pattern.utf8.count + 1))
            guard mkdtemp(&name) != nil else { fatalError("\(pattern): \(String(cString: strerror(errno)))") }
            return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        atexit { try? FileManager.default.removeItem(atPath: ScratchFolder.shared.path) }
    }

    /// The path of a folder in this one, which is made if need be.
    func folder(_ name: String) -> String {
        let path = "\(path)/\(name)"
        promise(mkdir(path, 0o700) == 0 || errno == EEXIST, "\(path) is a folder")
        return path
    }

    /// Writes a file that only its owner may read, and returns its path.
    func write(_ bytes: UnsafeRawBufferPointer, to name: String) -> String {
        let path = "\(path)/\(name)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { fatalError("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        promise(Foundation.write(descriptor, bytes.baseAddress, bytes.count) == bytes.count, "\(path) is written")
        return path
    }

    /// The bytes of a file that `body` writes to the path it is given.
    func bytes(_ name: String, writtenBy body: (String) throws -> Void) throws -> [UInt8] {
        let path = "\(path)/\(name)"
        try? FileManager.default.removeItem(atPath: path)
        try body(path)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
