/// Predictions that cannot be scored.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The recording, as the data set names it.
    public let file: String
    /// What is wrong with it and what would mend it.
    public let reason: String

    public init(file: String, reason: String) {
        self.file = file
        self.reason = reason
    }

    public var description: String { "\(file): \(reason)" }
}
