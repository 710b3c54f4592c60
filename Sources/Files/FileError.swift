/// A file that cannot be read.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    public let problem: String
    public let remedy: String

    public var description: String { "\(path): \(problem); \(remedy)" }

    public init(path: String, problem: String, remedy: String) {
        (self.path, self.problem, self.remedy) = (path, problem, remedy)
    }
}
