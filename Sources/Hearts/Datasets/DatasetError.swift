import Failures

/// Data that no training can begin with.
public struct DatasetError: ExitingError, Hashable, Sendable, CustomStringConvertible {
    /// The folder, the file or the setting.
    public let name: String
    public let problem: String
    public let remedy: String

    public var description: String { "\(name): \(problem); \(remedy)" }
    public var exitStatus: ExitStatus { .badData }
}
