import ArgumentParser
import Foundation

/// Parses and runs a command; the exit codes are the contract's.
public enum Program {
    public static func main(_ root: any ParsableCommand.Type) -> Never {
        // What a closed pipe means is said by the write that fails.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try root.parseAsRoot()
            try command.run()
            exit(ExitStatus.done.rawValue)
        } catch let failure as ExitCode {
            exit(failure.rawValue)
        } catch {
            guard root.exitCode(for: error) != .success else { root.exit(withError: error) }  // Help was asked for.
            Wire.exit(.unusableArguments, root.message(for: error).split(separator: "\n").joined(separator: " "))
        }
    }
}
