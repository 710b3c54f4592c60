import ArgumentParser
import Failures
import Foundation
import Kernels

/// Parses and runs a command; the exit codes are the contract's.
public enum Program {
    /// Raised with every release; both sides name theirs when they differ.
    public static let build = "0.1.0"

    /// What --version says.
    public static var version: String { "\(Program.build) (kernels: \(Processor.current.rawValue))" }

    public static func main(_ root: any ParsableCommand.Type) -> Never {
        // What a closed pipe means, or a file that may not grow, is said by the write that fails.
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
        StandardStreams.fill()
        do throws(Processor.Refusal) {
            try Processor.check()
        } catch {
            Program.exit(.unusableArguments, error.description)
        }
        do {
            var command = try root.parseAsRoot()
            try reportingFailures(SystemLimits.check)
            try command.run()
            end(ExitStatus.done.rawValue)
        } catch let failure as ExitCode {
            end(failure.rawValue)
        } catch {
            guard root.exitCode(for: error) != .success else {  // Help was asked for.
                print(root.fullMessage(for: error))
                end(ExitStatus.done.rawValue)
            }
            Program.exit(.unusableArguments, root.message(for: error).split(separator: "\n").joined(separator: " "))
        }
    }

    /// A program whose output is lost has not done its work.
    private static func end(_ status: Int32) -> Never {
        LiveLine.end()
        guard let code = StandardStreams.outputError() else { Foundation.exit(status) }
        // Who closes a pipe has read enough.
        if code != EPIPE {
            let reason = code == EBADF ? "it is closed" : String(cString: strerror(code))
            StandardStreams.printError(
                "error: the standard output cannot be written: \(reason); what was printed is lost or cut, so print it elsewhere\n"
            )
        }
        Foundation.exit(status == ExitStatus.done.rawValue ? ExitStatus.inputOutput.rawValue : status)
    }

    /// Ends the process from whatever thread, with one line.
    static func exit(_ status: ExitStatus, _ line: String) -> Never {
        LiveLine.end()
        StandardStreams.printError("error: \(line)\n")
        PrivateFolder.removeAll()
        Foundation.exit(status.rawValue)
    }

    /// The project's programs stand beside each other.
    public static func find(_ program: String) throws -> URL {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let url = own.deletingLastPathComponent().appendingPathComponent(program)
        guard FileManager.default.isExecutableFile(atPath: url.path) else {
            throw RunFailure(
                .inputOutput,
                "\(program) is not beside \(own.lastPathComponent); build both with swift build -c release")
        }
        return url
    }
}
