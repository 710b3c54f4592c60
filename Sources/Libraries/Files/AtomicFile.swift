import Glibc

/// A file that appears under its name complete or not at all.
///
/// The bytes go to a temporary file beside the target; `commit` makes them durable and renames it. A file that is not
/// committed is removed.
public struct AtomicFile: ~Copyable {
    /// What the names of temporary files end with.
    public static let suffix = ".partial"

    public let path: String
    private let temporaryPath: String
    private let file: CInt
    private var isCommitted = false

    public init(path: String) throws(FileError) {
        let temporaryPath = "\(path).\(getpid())\(Self.suffix)"
        let file = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw .system("open", path) }
        self.path = path
        self.temporaryPath = temporaryPath
        self.file = file
    }

    deinit {
        close(file)
        if !isCommitted { unlink(temporaryPath) }
    }

    /// Appends `bytes`. One call of write(2) takes less than 2^31 of them.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(file, part.baseAddress, part.count)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw .system("write", path)
            }
        }
    }

    public mutating func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
            try write(UnsafeRawBufferPointer(bytes))
        }
    }

    /// Replaces bytes that were written before, from `offset` on.
    public mutating func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
        while true {
            let count = pwrite(file, bytes, bytes.count, off_t(offset))
            if count == bytes.count { return }
            if count >= 0 || errno != EINTR { throw .system("pwrite", path) }
        }
    }

    /// Puts the file in its place. Once this returns, a power cut cannot take it away, as far as the file system can
    /// promise that.
    public mutating func commit() throws(FileError) {
        guard Self.synchronize(file) else { throw .system("fsync", path) }
        guard rename(temporaryPath, path) == 0 else { throw .system("rename", path) }
        isCommitted = true
        let folder = open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // A folder that may be written to but not read.
        if folder < 0 && errno == EACCES { return }
        guard folder >= 0 else { throw .system("open", Self.folder(of: path)) }
        defer { close(folder) }
        guard Self.synchronize(folder) else { throw .system("fsync", Self.folder(of: path)) }
    }

    /// Has the system write a file or folder to its disk. False, with the reason in `errno`, if it fails to; a file
    /// system that cannot be asked, as CIFS cannot for folders, does not fail.
    public static func synchronize(_ descriptor: CInt) -> Bool {
        while fsync(descriptor) != 0 {
            switch errno {
            case EINTR: continue
            case EINVAL, ENOTSUP, ENOSYS, EBADF: return true
            default: return false
            }
        }
        return true
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
