import Failures
import Glibc

/// A checkpoint that could not be read, trusted or written.
public struct CheckpointError: ExitingError, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// The system refused: no such file, no space left.
        case system
        /// The file breaks the safetensors format.
        case malformed
        /// The file was cut off or changed after it was written.
        case damaged
        /// The file is whole, but some of its numbers are infinite or none.
        case notFinite
        /// The file is sound but lacks what was asked of it.
        case mismatch
    }

    public let kind: Kind
    public let path: String
    /// What is wrong and what would fix it.
    public let reason: String

    public var description: String { "\(path): \(reason)" }
    public var exitStatus: ExitStatus { kind == .system ? .inputOutput : .badData }

    public init(_ kind: Kind, _ path: String, _ reason: String) {
        self.kind = kind
        self.path = path
        self.reason = reason
    }

    /// The failure of a system call, described by `errno`.
    static func system(_ call: String, _ path: String) -> CheckpointError {
        let code = errno
        return CheckpointError(
            .system, path, "\(call): \(String(cString: strerror(code))); \(SystemError.remedy(for: code))")
    }
}

extension String {
    /// A name that a file gives, quoted and cut so that it cannot spoil the line of an error.
    var quoted: String { (count > 80 ? prefix(80) + "…" : self).debugDescription }
}
