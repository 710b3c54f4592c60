import Glibc

/// A regular file that is open for reading. Whatever else bears its name, such as a pipe to which nobody writes, is
/// refused without waiting for it.
public struct RegularFile: ~Copyable {
    public let path: String
    /// In bytes, when it was opened.
    public let size: Int
    /// Who may read, write and run it, as in `chmod`.
    public let permissions: mode_t
    public let descriptor: CInt

    public init(_ path: String) throws(FileError) {
        // A pipe would make `open` wait, and a terminal would become this process' own. What was opened is looked at
        // afterwards, when nobody can put something else in its place.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let code = errno
            throw FileError(path, FileKind(at: path), code: code)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, FileKind(mode: status.st_mode) == .regular else {
            close(descriptor)
            throw FileError(path, FileKind(mode: status.st_mode))
        }
        self.path = path
        self.descriptor = descriptor
        size = Int(status.st_size)
        permissions = status.st_mode & 0o7777
    }

    deinit { close(descriptor) }

    /// Reads what lies at `offset`, as much as there is room for; returns the number of bytes, less only at the end.
    public borrowing func read(into room: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        var count = 0
        while count < room.count {
            let read = pread(descriptor, room.baseAddress! + count, room.count - count, off_t(offset + count))
            if read == 0 { break }
            if read > 0 {
                count += read
            } else if errno != EINTR {
                throw FileError(
                    path: path, problem: "cannot be read (\(String(cString: strerror(errno))))",
                    remedy: "check the disk")
            }
        }
        return count
    }

    /// The bytes of `range`, as far as the file has them.
    public borrowing func bytes(in range: Range<Int>) throws(FileError) -> [UInt8] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 1)
        defer { room.deallocate() }
        let count = try read(into: room, at: range.lowerBound)
        return [UInt8](UnsafeRawBufferPointer(rebasing: room[..<count]))
    }

    /// All bytes of a file that has no more than `limit`.
    public static func contents(of path: String, atMost limit: Int) throws(FileError) -> [UInt8] {
        let file = try RegularFile(path)
        guard file.size <= limit else {
            throw FileError(
                path: path, problem: "has \(file.size) bytes, at most \(limit) are read",
                remedy: "check that it is the right file")
        }
        return try file.bytes(in: 0..<file.size)
    }
}
