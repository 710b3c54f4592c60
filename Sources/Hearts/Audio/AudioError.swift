import Failures

/// A sound that cannot be read, resampled or written.
public struct AudioError: ExitingError, Hashable, Sendable, CustomStringConvertible {
    /// The file's path, or what the sound is.
    public let name: String
    public let problem: String
    public let remedy: String

    public var description: String { "\(name): \(problem); \(remedy)" }
    public var exitStatus: ExitStatus { .badData }
}
