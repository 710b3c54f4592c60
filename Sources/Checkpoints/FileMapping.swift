import Glibc

/// A file's contents as memory.
///
/// `@unchecked Sendable`: the mapping is read-only and stays in place until `deinit`.
final class FileMapping: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws(CheckpointError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system("open", path) }
        defer { close(file) }

        var status = stat()
        guard fstat(file, &status) == 0 else { throw .system("stat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CheckpointError(.malformed, path, "it is no regular file; give the path of a safetensors file")
        }
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let start = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, file, 0)
        guard let start, start != MAP_FAILED else { throw .system("mmap", path) }
        bytes = UnsafeRawBufferPointer(start: start, count: Int(status.st_size))
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
