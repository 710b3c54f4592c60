/// The header of a safetensors file: what lies where in the data that follows it.
struct SafetensorsHeader {
    /// The longest header that the reference implementation accepts, in bytes.
    static let maximumByteCount = 100_000_000
    /// As many as NumPy allows.
    static let maximumRank = 64
    static let metadataKey = "__metadata__"

    private(set) var metadata: [String: String] = [:]
    /// In the order of their bytes.
    private(set) var tensors: [(entry: TensorEntry, start: Int)] = []

    /// Reads the JSON text `bytes`. As the reference implementation demands, the tensors must fill the `dataCount`
    /// bytes of data without a hole or an overlap.
    init(_ bytes: UnsafeRawBufferPointer, dataCount: Int, path: String) throws(CheckpointError) {
        guard bytes.first == UInt8(ascii: "{") else {
            throw CheckpointError(.malformed, path, "the header is not a JSON object; not a safetensors file")
        }
        var scanner = HeaderScanner(bytes, path: path)
        var names: Set<String> = []
        var metadata: [String: String]?
        var tensors: [(entry: TensorEntry, start: Int)] = []
        try scanner.object { (scanner, name) throws(CheckpointError) in
            guard names.insert(name).inserted else { throw scanner.malformed("\(name.quoted) stands there twice") }
            if name == Self.metadataKey {
                metadata = try Self.metadata(from: &scanner)
            } else {
                tensors.append(try Self.tensor(name, from: &scanner))
            }
        }
        try scanner.end()
        self.metadata = metadata ?? [:]
        self.tensors = tensors.sorted { ($0.start, $0.entry.byteCount) < ($1.start, $1.entry.byteCount) }
        try checkLayout(dataCount: dataCount, path: path)
    }

    private static func metadata(from scanner: inout HeaderScanner) throws(CheckpointError) -> [String: String] {
        var metadata: [String: String] = [:]
        try scanner.object { (scanner, key) throws(CheckpointError) in
            let value = try scanner.string()
            if metadata.updateValue(value, forKey: key) != nil {
                throw scanner.malformed("the metadata have \(key.quoted) twice")
            }
        }
        return metadata
    }

    private static func tensor(
        _ name: String, from scanner: inout HeaderScanner
    ) throws(CheckpointError) -> (entry: TensorEntry, start: Int) {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { (scanner, key) throws(CheckpointError) in
            switch key {
            case "dtype" where type == nil: type = try scanner.string()
            case "shape" where shape == nil: shape = try counts(from: &scanner, atMost: maximumRank)
            case "data_offsets" where offsets == nil: offsets = try counts(from: &scanner, atMost: 2)
            default: throw scanner.malformed("tensor \(name.quoted) has an unexpected \(key.quoted)")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2 else {
            throw scanner.malformed("tensor \(name.quoted) lacks its dtype, shape or two data_offsets")
        }
        guard let dataType = DataType(rawValue: type) else {
            throw scanner.malformed("tensor \(name.quoted) has the unknown dtype \(type.quoted)")
        }
        guard let byteCount = TensorEntry.byteCount(shape: shape, dataType: dataType) else {
            throw scanner.malformed("tensor \(name.quoted) has the impossible shape \(shape)")
        }
        guard offsets[0] <= offsets[1], offsets[1] - offsets[0] == byteCount else {
            throw scanner.malformed(
                "tensor \(name.quoted) needs \(byteCount) bytes for its shape \(shape), its data_offsets are \(offsets)"
            )
        }
        return (TensorEntry(name: name, shape: shape, dataType: dataType), offsets[0])
    }

    private static func counts(
        from scanner: inout HeaderScanner, atMost limit: Int
    ) throws(CheckpointError) -> [Int] {
        var counts: [Int] = []
        try scanner.array { (scanner) throws(CheckpointError) in
            if counts.count == limit { throw scanner.malformed("more than \(limit) numbers") }
            counts.append(try scanner.count())
        }
        return counts
    }

    private func checkLayout(dataCount: Int, path: String) throws(CheckpointError) {
        var end = 0
        for (entry, start) in tensors {
            guard start == end else {
                let fault = start < end ? "overlaps the tensor before it" : "leaves a hole before it"
                throw CheckpointError(.malformed, path, "tensor \(entry.name.quoted) \(fault); write the file anew")
            }
            // Offsets were checked to be at most 2^63 - 1, so the sum cannot overflow.
            end = start + entry.byteCount
        }
        guard end == dataCount else {
            let fault = end > dataCount ? "it was cut off" : "something was added"
            throw CheckpointError(
                .damaged, path,
                "the header describes \(end) bytes of data, the file has \(dataCount): \(fault); use an older one")
        }
    }
}
