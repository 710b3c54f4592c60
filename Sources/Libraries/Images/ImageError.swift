import Failures

/// A picture that cannot be read or written.
public struct ImageError: ExitingError, Hashable, Sendable, CustomStringConvertible {
    /// The file's path, or what the bytes are.
    public let name: String
    public let problem: String
    public let remedy: String

    public var description: String { "\(name): \(problem); \(remedy)" }
    public var exitStatus: ExitStatus { .badData }
}
