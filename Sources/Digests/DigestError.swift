import Glibc

/// A file whose digest could not be made.
public struct DigestError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    /// The value of `errno`.
    public let code: CInt
    /// The system call that failed.
    public let call: String

    public var description: String {
        let remedy = code == ENOENT ? "check the path" : "check that it is a readable file on a sound disk"
        return "\(path): \(call): \(String(cString: strerror(code))); \(remedy)"
    }
}
