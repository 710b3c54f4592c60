/// What a program's exit code says: those of the contract.
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

/// An error that says which exit code a program ends with for it.
public protocol ExitingError: Error {
    var exitStatus: ExitStatus { get }
}
