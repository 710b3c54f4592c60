/// A picture that cannot be read or written.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's path, or what the bytes are.
    public let name: String
    public let problem: String
    public let remedy: String

    public var description: String { "\(name): \(problem); \(remedy)" }
}
