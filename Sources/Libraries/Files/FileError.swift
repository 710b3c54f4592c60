import Failures

/// A file that cannot be read.
public struct FileError: ExitingError, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    public let problem: String
    public let remedy: String

    public var description: String { "\(path): \(problem); \(remedy)" }
    public var exitStatus: ExitStatus { .inputOutput }

    public init(path: String, problem: String, remedy: String) {
        (self.path, self.problem, self.remedy) = (path, problem, remedy)
    }
}
