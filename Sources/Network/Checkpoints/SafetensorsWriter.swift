import Digests
import Files

/// Writes a safetensors file from one end to the other, without holding more of it than a block.
///
///     var writer = try SafetensorsWriter(path: path, tensors: entries, metadata: ["step": "12"])
///     for block in blocks { try writer.write(block) }
///     try writer.finish()
///
/// The file appears under its name only when `finish` returns; if it is never called, nothing remains. See
/// `SafetensorsFile.verify` for the two digests that it adds to the metadata.
public struct SafetensorsWriter: ~Copyable {
    private var file: AtomicFile
    private var digest = SHA256()
    private var header: [UInt8]
    private let tensors: [TensorEntry]
    private let dataCount: Int
    private var writtenCount = 0

    /// Begins a file with the data of `tensors` in this order.
    public init(path: String, tensors: [TensorEntry], metadata: [String: String] = [:]) throws {
        let header = HeaderText.encode(tensors: tensors, metadata: metadata)
        guard header.count <= SafetensorsHeader.maximumByteCount else {
            throw CheckpointError(
                .mismatch, path,
                "its header would have \(header.count) bytes, at most \(SafetensorsHeader.maximumByteCount) are allowed"
            )
        }
        var file = try AtomicFile(path: path)
        var length = UInt64(header.count).littleEndian
        let prefix = withUnsafeBytes(of: &length) { Array($0) }
        try file.write(prefix + header)
        self.file = file
        self.header = header
        self.tensors = tensors
        dataCount = tensors.reduce(0) { $0 + $1.byteCount }
    }

    /// Appends the next bytes of the data: a tensor, a part of one, or several.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        precondition(bytes.count <= dataCount - writtenCount, "\(file.path): more bytes than its tensors have")
        try file.write(bytes)
        digest.update(bytes)
        writtenCount += bytes.count
    }

    /// Fills in the digests and puts the file in its place.
    public mutating func finish() throws(FileError) {
        precondition(writtenCount == dataCount, "\(file.path): \(writtenCount) of \(dataCount) bytes were written")
        header.replaceSubrange(HeaderText.dataDigestRange, with: digest.finalize().utf8)
        header.replaceSubrange(HeaderText.headerDigestRange, with: SHA256.digest(of: header).utf8)
        try file.overwrite(header, at: 8)
        try file.commit()
    }
}

extension SafetensorsWriter {
    /// Writes a whole file: `data` is called for each tensor in turn and hands its bytes to the sink, in one block or
    /// many.
    public static func write(
        to path: String, tensors: [TensorEntry], metadata: [String: String] = [:],
        data: (TensorEntry, _ sink: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        var writer = try SafetensorsWriter(path: path, tensors: tensors, metadata: metadata)
        var end = 0
        for tensor in tensors {
            end += tensor.byteCount
            try data(tensor) { try writer.write($0) }
            precondition(writer.writtenCount == end, "\(tensor.name): not \(tensor.byteCount) bytes")
        }
        try writer.finish()
    }
}
