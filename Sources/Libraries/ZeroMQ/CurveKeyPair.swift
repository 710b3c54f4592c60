internal import CZeroMQ

/// A long-term key pair of CurveZMQ (RFC 26): Curve25519, 32 bytes each. It prints nothing of itself.
public struct CurveKeyPair: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    public let publicKey: [UInt8]
    public let secretKey: [UInt8]

    /// A new pair, from the system's source of random numbers.
    public static func generate() throws(ZeroMQError) -> CurveKeyPair {
        // In Z85, 40 characters and a zero.
        var (publicText, secretText) = ([CChar](repeating: 0, count: 41), [CChar](repeating: 0, count: 41))
        try check("zmq_curve_keypair", on: "a key pair") { zmq_curve_keypair(&publicText, &secretText) }
        func text(_ characters: [CChar]) -> String {
            String(decoding: characters.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return CurveKeyPair(publicText: text(publicText), secretText: text(secretText))!
    }

    /// From the two keys in Z85; nil if they are none, or not a pair.
    public init?(publicText: String, secretText: String) {
        guard let publicKey = Self.decode(publicText), let secretKey = Self.decode(secretText) else { return nil }
        var derived = [CChar](repeating: 0, count: 41)
        guard zmq_curve_public(&derived, secretText) == 0,
            derived.dropLast().map({ UInt8(bitPattern: $0) }) == Array(publicText.utf8)
        else { return nil }
        (self.publicKey, self.secretKey) = (publicKey, secretKey)
    }

    public var publicText: String { Self.encode(publicKey) }
    public var secretText: String { Self.encode(secretKey) }

    public var description: String { "a key pair" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    private static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.count == 40, text.utf8.allSatisfy({ (33...126).contains($0) }) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        return zmq_z85_decode(&bytes, text) == nil ? nil : bytes
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: 41)
        zmq_z85_encode(&text, bytes, bytes.count)
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
