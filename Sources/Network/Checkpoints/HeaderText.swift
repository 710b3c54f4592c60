/// The text of a header as our writer makes it.
///
/// It begins with the two digests, so that they can be filled in when the data have passed: `header_sha256` is the
/// digest of the header with its own 64 digits as zeros, `sha256` that of the data.
enum HeaderText {
    private static let beforeHeaderDigest = #"{"__metadata__":{"header_sha256":""#
    private static let beforeDataDigest = #"","sha256":""#
    static let headerDigestKey = "header_sha256"
    static let dataDigestKey = "sha256"

    static let headerDigestRange = range(from: beforeHeaderDigest.utf8.count)
    static let dataDigestRange = range(from: headerDigestRange.upperBound + beforeDataDigest.utf8.count)

    static var noDigest: String { String(repeating: "0", count: 64) }

    /// The header with zeros for both digests, padded with spaces so that the data begin at a multiple of eight bytes.
    static func encode(tensors: [TensorEntry], metadata: [String: String]) -> [UInt8] {
        precondition(
            metadata[headerDigestKey] == nil && metadata[dataDigestKey] == nil, "the writer makes the digests itself")
        precondition(
            Set(tensors.map(\.name)).union([SafetensorsHeader.metadataKey]).count == tensors.count + 1,
            "the names of tensors must differ from each other and from \(SafetensorsHeader.metadataKey)")

        var text = beforeHeaderDigest + noDigest + beforeDataDigest + noDigest + "\""
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            text += ",\(quoted(key)):\(quoted(value))"
        }
        text += "}"
        var start = 0
        for tensor in tensors {
            let end = start + tensor.byteCount
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            text += ",\(quoted(tensor.name)):{\"dtype\":\"\(tensor.dataType.rawValue)\",\"shape\":[\(shape)],"
            text += "\"data_offsets\":[\(start),\(end)]}"
            start = end
        }
        text += "}"
        let padding = (8 - text.utf8.count % 8) % 8
        return Array(text.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: padding)
    }

    private static func range(from start: Int) -> Range<Int> { start..<start + 64 }

    /// `text` as a JSON string.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case ..<" ": result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
