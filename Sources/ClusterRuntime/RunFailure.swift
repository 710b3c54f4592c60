/// Why a program ends, with the exit code of the contract.
public enum ExitStatus: Int32, Sendable {
    case done = 0
    case unusableArguments = 2
    case badData = 65
    case clusterUnreachable = 69
    case internalError = 70
    case inputOutput = 74
    /// A checkpoint is written; the run can be resumed.
    case interrupted = 75
}

/// A failure that ends a program: one line that names the thing, what is wrong and what would fix it.
public struct RunFailure: Error, CustomStringConvertible {
    public let status: ExitStatus
    public let description: String

    public init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}
