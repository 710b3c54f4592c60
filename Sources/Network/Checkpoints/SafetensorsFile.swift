/// A safetensors file, mapped into memory and checked in full before it is used.
///
/// Values are copied out of the mapping, whose pages the system loads as needed and `copy`, `forEachBlock` and `verify`
/// give back, so that reading a file of many gigabytes costs no memory. The file must not be rewritten in place
/// meanwhile; our own writer replaces files by renaming.
public struct SafetensorsFile: Sendable {
    public let path: String
    public let metadata: [String: String]
    /// In the order of their bytes in the file.
    public let tensors: [TensorEntry]

    private let mapping: FileMapping
    private let headerRange: Range<Int>
    private let ranges: [String: Range<Int>]

    public init(path: String) throws(CheckpointError) {
        let mapping = try FileMapping(path: path)
        let bytes = mapping.bytes
        guard bytes.count >= 8 else {
            throw CheckpointError(.malformed, path, "it has only \(bytes.count) bytes; not a safetensors file")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(SafetensorsHeader.maximumByteCount) else {
            throw CheckpointError(
                .malformed, path,
                "it claims a header of \(length) bytes, at most \(SafetensorsHeader.maximumByteCount) are allowed; "
                    + "not a safetensors file")
        }
        guard Int(length) <= bytes.count - 8 else {
            throw CheckpointError(
                .damaged, path,
                "its header of \(length) bytes was cut off after \(bytes.count - 8); use an older checkpoint")
        }
        let headerRange = 8..<8 + Int(length)
        let header = try SafetensorsHeader(
            UnsafeRawBufferPointer(rebasing: bytes[headerRange]), dataCount: bytes.count - headerRange.upperBound,
            path: path)

        self.path = path
        self.mapping = mapping
        self.headerRange = headerRange
        metadata = header.metadata
        tensors = header.tensors.map(\.entry)
        ranges = Dictionary(
            uniqueKeysWithValues: header.tensors.map { entry, start in
                let start = headerRange.upperBound + start
                return (entry.name, start..<start + entry.byteCount)
            })
    }

    public func entry(named name: String) -> TensorEntry? {
        tensors.first { $0.name == name }
    }

    /// The bytes of a tensor, little-endian, valid inside `body` only. They need not be aligned. What is read of them
    /// counts as memory of the process from then on: read large tensors by `forEachBlock`.
    public func withBytes<Result>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        try body(UnsafeRawBufferPointer(rebasing: mapping.bytes[range(of: name)]))
    }

    /// Calls `body` with the bytes `range` of a tensor, all of them by default, in order and in blocks of at most
    /// 16 MiB, each valid inside `body` only. A block may end within an element. Only the current block counts as
    /// memory of the process.
    public func forEachBlock(
        of name: String, range: Range<Int>? = nil, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let whole = try self.range(of: name)
        let range = range ?? 0..<whole.count
        guard range.lowerBound >= 0, range.upperBound <= whole.count else {
            throw CheckpointError(
                .mismatch, path,
                "tensor \(name.quoted) has \(whole.count) bytes, those at \(range) were expected; "
                    + "it belongs to another model")
        }
        let start = whole.lowerBound + range.lowerBound
        try mapping.forEachBlock(of: start..<start + range.count, body)
    }

    /// Copies the elements `range` of a tensor, all of them by default, into `buffer`, which must have as many.
    public func copy<Element: TensorElement>(
        _ name: String, range: Range<Int>? = nil, into buffer: UnsafeMutableBufferPointer<Element>
    ) throws {
        let size = MemoryLayout<Element>.size
        let count = try elementCount(of: name, as: Element.self)
        let range = range ?? 0..<count
        guard range.lowerBound >= 0, range.upperBound <= count, range.count == buffer.count else {
            throw CheckpointError(
                .mismatch, path,
                "tensor \(name.quoted) has \(count) elements, \(buffer.count) were expected"
                    + " at \(range.lowerBound); it belongs to another model")
        }
        var rest = UnsafeMutableRawBufferPointer(buffer)[...]
        try forEachBlock(of: name, range: range.lowerBound * size..<range.upperBound * size) { block in
            UnsafeMutableRawBufferPointer(rebasing: rest).copyMemory(from: block)
            rest = rest.dropFirst(block.count)
        }
    }

    /// All elements of a tensor.
    public func array<Element: TensorElement>(of name: String, as type: Element.Type = Element.self) throws -> [Element]
    {
        let count = try elementCount(of: name, as: type)
        return try Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            try copy(name, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }

    /// The float32 elements of a tensor where they lie, without a copy; nil if it has another type or its bytes in the
    /// file are not aligned to four. Our own writer aligns all tensors of a model.
    public func tensorInPlace(_ name: String) throws -> MappedTensor? {
        let range = try range(of: name)
        guard entry(named: name)?.dataType == .float32 else { return nil }
        return MappedTensor(mapping, range: range)
    }

    private func elementCount<Element: TensorElement>(of name: String, as type: Element.Type) throws -> Int {
        if let entry = entry(named: name), entry.dataType != type.dataType {
            throw CheckpointError(
                .mismatch, path,
                "tensor \(name.quoted) holds \(entry.dataType.rawValue), \(type.dataType.rawValue) was expected")
        }
        return try range(of: name).count / MemoryLayout<Element>.size
    }

    /// Where the bytes of a tensor lie in the file.
    private func range(of name: String) throws -> Range<Int> {
        guard let range = ranges[name] else {
            throw CheckpointError(.mismatch, path, "it has no tensor \(name.quoted); hbn inspect lists those it has")
        }
        return range
    }

    /// The JSON text of the header, with its padding.
    var headerBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: mapping.bytes[headerRange]) }

    /// Calls `body` with everything behind the header, block by block.
    func forEachDataBlock(_ body: (UnsafeRawBufferPointer) -> Void) {
        mapping.forEachBlock(of: headerRange.upperBound..<mapping.bytes.count, body)
    }
}
