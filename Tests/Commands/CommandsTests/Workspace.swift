import Foundation
import Testing

/// A folder for a test and the programs that it starts. Both are gone when the test ends, however it ends.
final class Workspace {
    let path: String
    private var programs: [RunningProgram] = []

    private init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    static func use<Result>(_ test: (Workspace) throws -> Result) throws -> Result {
        let workspace = try Workspace()
        defer { workspace.clear() }
        return try test(workspace)
    }

    private func clear() {
        for program in programs { program.end() }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in the folder.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ bytes: [UInt8], to name: String) throws {
        let url = URL(fileURLWithPath: self(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func text(of name: String) throws -> String { try String(contentsOfFile: self(name), encoding: .utf8) }

    func start(
        _ name: String, _ arguments: [String], shell: String? = nil, terminal: PseudoTerminal? = nil,
        environment: [String: String] = [:]
    ) throws -> RunningProgram {
        let program = try RunningProgram(
            name, arguments, environment: ["HBN_CACHE": self("cache"), "HBN_LOG": "info"].merging(environment) { $1 },
            shell: shell, terminal: terminal, path: self("\(programs.count)-\(name)"))
        programs.append(program)
        return program
    }

    /// Runs a program to its end.
    func run(
        _ name: String, _ arguments: [String], shell: String? = nil, environment: [String: String] = [:]
    ) throws -> RunningProgram.Outcome {
        try start(name, arguments, shell: shell, environment: environment).outcome()
    }

    /// Runs a program that must succeed, and returns what it printed.
    @discardableResult
    func succeed(_ name: String, _ arguments: [String]) throws -> String {
        let outcome = try run(name, arguments)
        try #require(outcome.status == 0, "\(name) \(arguments): \(outcome.errors)")
        return outcome.output
    }
}
