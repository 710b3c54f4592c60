import Glibc

extension SHA256 {
    public static func digest(of bytes: UnsafeRawBufferPointer) -> String {
        var digest = SHA256()
        digest.update(bytes)
        return digest.finalize()
    }

    public static func digest(of bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    /// The digest of the UTF-8 bytes of `text`.
    public static func digest(of text: String) -> String {
        digest(of: Array(text.utf8))
    }

    /// The digest of a file's contents, read in blocks of 1 MiB.
    public static func digest(ofFileAt path: String) throws(DigestError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw DigestError(path: path, code: errno, call: "open") }
        defer { close(file) }

        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { block.deallocate() }
        var digest = SHA256()
        while true {
            let count = read(file, block.baseAddress, block.count)
            if count == 0 { return digest.finalize() }
            if count > 0 {
                digest.update(UnsafeRawBufferPointer(rebasing: block[..<count]))
            } else if errno != EINTR {
                throw DigestError(path: path, code: errno, call: "read")
            }
        }
    }
}
