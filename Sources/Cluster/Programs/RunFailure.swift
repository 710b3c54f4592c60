import ArgumentParser
import Failures
import Foundation

/// A failure that ends a program: one line that names the thing, what is wrong and what would fix it.
public struct RunFailure: ExitingError, CustomStringConvertible {
    public let exitStatus: ExitStatus
    public let description: String

    public init(_ status: ExitStatus, _ description: String) {
        exitStatus = status
        self.description = description
    }

    /// The failure of a system call, described by `errno`.
    package static func system(_ what: String) -> RunFailure {
        let code = errno
        return RunFailure(
            .inputOutput, "\(what): \(String(cString: strerror(code))); \(SystemError.remedy(for: code))")
    }

    /// Any error as a failure with the contract's exit code.
    public init(_ error: any Error) {
        switch error {
        case let failure as RunFailure: self = failure
        case let error as any ExitingError: self.init(error.exitStatus, "\(error)")
        case is CocoaError, is POSIXError: self.init(.inputOutput, error.localizedDescription)
        default: self.init(.internalError, "\(error)")
        }
    }
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
        StandardStreams.printError("error: \(line)\n")
        throw ExitCode(failure.exitStatus.rawValue)
    }
}
