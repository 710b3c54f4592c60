/// Data that no training can begin with.
public struct DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder, the file or the setting.
    public let name: String
    public let problem: String
    public let remedy: String

    public var description: String { "\(name): \(problem); \(remedy)" }
}
