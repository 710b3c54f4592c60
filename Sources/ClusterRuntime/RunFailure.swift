import ArgumentParser
import Audio
import Checkpoints
import Datasets
import Foundation
import Images
import Reports
import Spectrograms
import ZeroMQ

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

    /// The failure of a system call, described by `errno`.
    static func system(_ what: String) -> RunFailure {
        let code = errno
        return RunFailure(
            .inputOutput, "\(what): \(String(cString: strerror(code))); \(CheckpointError.remedy(for: code))")
    }

    /// Any error as a failure with the contract's exit code.
    public init(_ error: any Error) {
        switch error {
        case let failure as RunFailure: self = failure
        case let error as CheckpointError: self.init(error.exitStatus, "\(error)")
        case is DatasetError, is AudioError, is ImageError, is SpectrogramError: self.init(.badData, "\(error)")
        case is ReportsError, is ZeroMQError: self.init(.inputOutput, "\(error)")
        case is CocoaError, is POSIXError: self.init(.inputOutput, error.localizedDescription)
        default: self.init(.internalError, "\(error)")
        }
    }
}

extension CheckpointError {
    fileprivate var exitStatus: ExitStatus { kind == .system ? .inputOutput : .badData }
}

/// Runs a command; a failure becomes one line on stderr and the exit code of the contract.
public func reportingFailures(_ command: () throws -> Void) throws {
    do {
        try command()
    } catch let exit as ExitCode {
        throw exit
    } catch {
        let failure = RunFailure(error)
        let line = failure.description.split(separator: "\n").joined(separator: " ")
        Wire.sayOnStandardError("error: \(line)\n")
        throw ExitCode(failure.status.rawValue)
    }
}
