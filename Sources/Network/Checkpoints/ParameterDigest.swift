import Digests

/// One SHA-256 over names, types, shapes and bytes of a model's parameters: two runs that ended with the same bits have
/// the same digest.
///
/// For each parameter, in the order of the UTF-8 bytes of the names: the name, a zero byte, the element type (`F32`),
/// the extents in decimal with `x` between them, a zero byte, and the elements, little-endian. Momentum is left out.
public struct ParameterDigest: ~Copyable {
    /// What the names of momentum buffers begin with.
    public static let momentumPrefix = "momentum/"

    private var digest = SHA256()
    private var lastName: String?
    private var missingCount = 0

    public init() {}

    /// Begins a parameter, whose bytes follow by `update`. The names must come in ascending order.
    public mutating func begin(_ entry: TensorEntry) {
        precondition(missingCount == 0, "\(lastName ?? ""): \(missingCount) bytes are missing")
        if let lastName { precondition(Self.precedes(lastName, entry.name), "\(entry.name) after \(lastName)") }
        digest.update(entry.name)
        digest.update([0])
        digest.update(entry.dataType.rawValue + entry.shape.map(String.init).joined(separator: "x"))
        digest.update([0])
        lastName = entry.name
        missingCount = entry.byteCount
    }

    /// Adds the next bytes of the parameter, all of them or a part.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= missingCount, "\(lastName ?? ""): more bytes than its shape has")
        digest.update(bytes)
        missingCount -= bytes.count
    }

    public mutating func finalize() -> String {
        precondition(missingCount == 0, "\(lastName ?? ""): \(missingCount) bytes are missing")
        lastName = nil
        return digest.finalize()
    }

    /// The digest of the parameters in `file`.
    public static func digest(of file: SafetensorsFile) throws -> String {
        var digest = ParameterDigest()
        for entry in sorted(file.tensors) {
            digest.begin(entry)
            try file.forEachBlock(of: entry.name) { digest.update($0) }
        }
        return digest.finalize()
    }

    /// Those of `entries` that are parameters, in the order in which they enter the digest.
    public static func sorted(_ entries: [TensorEntry]) -> [TensorEntry] {
        entries.filter { !$0.name.hasPrefix(momentumPrefix) }.sorted { precedes($0.name, $1.name) }
    }

    private static func precedes(_ a: String, _ b: String) -> Bool {
        a.utf8.lexicographicallyPrecedes(b.utf8)
    }
}
