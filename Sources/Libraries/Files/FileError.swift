import Failures
import Glibc

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

    /// The failure of a system call, described by `errno`.
    static func system(_ call: String, _ path: String) -> FileError {
        let code = errno
        return FileError(
            path: path, problem: "\(call): \(String(cString: strerror(code)))", remedy: SystemError.remedy(for: code))
    }
}
