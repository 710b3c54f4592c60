internal import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes that arrive in parts.
///
///     var digest = SHA256()
///     digest.update("heart")
///     digest.update("beat")
///     digest.finalize()  // the same as SHA256.digest(of: "heartbeat")
public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    public init() {
        // OpenSSL fails here only when memory has run out or its own installation lacks SHA-256.
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("EVP_MD_CTX_new: out of memory") }
        self.context = context
        start()
    }

    deinit { EVP_MD_CTX_free(context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let status = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(status == 1, "EVP_DigestUpdate: \(status)")
    }

    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds the UTF-8 bytes of `text`.
    public mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The digest of everything added, as 64 lower-case hexadecimal digits. Adding more begins a new digest.
    public mutating func finalize() -> String {
        var digest = [UInt8](repeating: 0, count: Self.byteCount)
        let status = EVP_DigestFinal_ex(context, &digest, nil)
        precondition(status == 1, "EVP_DigestFinal_ex: \(status)")
        start()
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The length of a digest in bytes; its text has twice as many digits.
    public static let byteCount = 32

    private func start() {
        let status = EVP_DigestInit_ex(context, EVP_sha256(), nil)
        precondition(status == 1, "EVP_DigestInit_ex: \(status)")
    }
}
