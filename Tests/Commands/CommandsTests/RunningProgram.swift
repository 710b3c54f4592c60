import Foundation
import Programs

/// One of the project's programs at work; what it prints goes to two files, which can be read at any time.
final class RunningProgram {
    /// How a program ended. A signal's number is negative.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Something did not happen in time, or the program ended before it.
    struct Disappointment: Error, CustomStringConvertible {
        let description: String
    }

    enum Stream { case output, errors }

    private let process = Process()
    private let name: String
    private let files: [Stream: URL]

    /// The program with its arguments, as the text of a shell names them.
    static let command = #""$0" "$@""#

    /// Starts a program that stands beside the tests. `path` is that of its two files, without their endings. With the
    /// text of a shell, it is what that text calls `command`, and what is measured and ended is the shell, unless it
    /// says exec.
    init(
        _ name: String, _ arguments: [String], environment: [String: String], shell: String? = nil,
        terminal: PseudoTerminal? = nil, path: String
    ) throws {
        self.name = name
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        files = [.output: URL(fileURLWithPath: path + ".out"), .errors: URL(fileURLWithPath: path + ".err")]
        let program = folder.appending(path: name)
        process.executableURL = shell == nil ? program : URL(fileURLWithPath: "/bin/bash")
        process.arguments = (shell.map { ["-c", $0, program.path] } ?? []) + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        for file in files.values { try Data().write(to: file) }
        process.standardOutput = try terminal?.end ?? FileHandle(forWritingTo: files[.output]!)
        process.standardError = try terminal?.end ?? FileHandle(forWritingTo: files[.errors]!)
        try process.run()
    }

    var id: Int32 { process.processIdentifier }

    func text(of stream: Stream) -> String {
        String(decoding: (try? Data(contentsOf: files[stream]!)) ?? Data(), as: UTF8.self)
    }

    /// The most bytes of memory that the running program ever had.
    var peakMemory: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
            guard let kilobytes = status.firstMatch(of: #/VmHWM:\s+(\d+) kB/#).flatMap({ Int($0.1) }) else {
                throw disappointment("has no VmHWM")
            }
            return kilobytes << 10
        }
    }

    func signal(_ number: Int32) { kill(id, number) }

    /// Waits for a line, and returns it.
    @discardableResult
    func line(with part: String, on stream: Stream = .errors, within limit: Duration = .seconds(30)) throws -> String {
        try wait(for: "\"\(part)\"", within: limit) {
            // The last line may not be whole yet.
            let lines = text(of: stream).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.contains(part) }) { return String(line) }
            guard process.isRunning else { throw disappointment("ended before it said \"\(part)\"") }
            return nil
        }
    }

    /// Waits until the program has ended.
    func outcome(within limit: Duration = .seconds(60)) throws -> Outcome {
        try wait(for: "the end", within: limit) { process.isRunning ? nil : () }
        let isSignal = process.terminationReason == .uncaughtSignal
        return Outcome(
            status: isSignal ? -process.terminationStatus : process.terminationStatus, output: text(of: .output),
            errors: text(of: .errors))
    }

    /// Ends the program if it is still there, stopped or not.
    func end() {
        guard process.isRunning else { return }
        signal(SIGKILL)
        _ = try? outcome(within: .seconds(5))
    }

    private func wait<Value>(for what: String, within limit: Duration, until check: () throws -> Value?) throws -> Value
    {
        let deadline = ContinuousClock.now + limit
        while true {
            if let value = try check() { return value }
            guard ContinuousClock.now < deadline else { throw disappointment("waited \(limit) for \(what)") }
            usleep(2000)
        }
    }

    private func disappointment(_ what: String) -> Disappointment {
        Disappointment(
            description: "\(name): \(what)\n\(text(of: .output))\n\(text(of: .errors))")
    }
}
