import Files

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
    public static func digest(ofFileAt path: String) throws(FileError) -> String {
        let file = try RegularFile(path)
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { block.deallocate() }
        var digest = SHA256()
        var offset = 0
        while true {
            let count = try file.read(into: block, at: offset)
            if count == 0 { return digest.finalize() }
            digest.update(UnsafeRawBufferPointer(rebasing: block[..<count]))
            offset += count
        }
    }
}
