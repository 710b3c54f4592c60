import Failures
import Files

/// A file of a run folder that cannot be written or read.
public struct ReportsError: ExitingError, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    /// What is wrong with it and what would mend it.
    public let reason: String

    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    init(unwritten error: FileError) {
        self.init(
            path: error.path, reason: "cannot be written (\(error.problem)); free space or choose another --output")
    }

    public var description: String { "\(path): \(reason)" }
    public var exitStatus: ExitStatus { .inputOutput }
}
