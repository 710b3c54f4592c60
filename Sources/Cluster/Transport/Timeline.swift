import Files
import Foundation
import Programs
import Synchronization

/// What the threads of a cluster's processes do when, for a picture: events of the Trace Event Format, which Chrome and
/// Perfetto show. They are written while HBN_TIMELINE names a folder, and cost nothing otherwise.
///
/// All processes of a machine have the same clock.
public final class Timeline: Sendable {
    static let variable = "HBN_TIMELINE"
    private static let shared = ProcessInfo.processInfo.environment[variable].flatMap { Timeline(folder: $0) }

    private let state: Mutex<State>

    private struct State {
        let file: FileHandle
        /// Threads by name, the number of each being its place.
        var threads: [String] = []
    }

    private struct Event: Codable {
        let name: String
        let ph: String
        var ts: Double?
        var dur: Double?
        let pid: Int32
        var tid: Int?
        var s: String?
        var args: [String: String]?
    }

    private init?(folder: String) {
        let path = "\(folder)/\(getpid()).events"
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { return nil }
        state = Mutex(State(file: file))
        let process = ProcessInfo.processInfo.processName
        state.withLock {
            Self.write(.init(name: "process_name", ph: "M", pid: getpid(), args: ["name": process]), $0.file)
        }
    }

    /// The time as events have it, in microseconds.
    package static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1000 }

    /// Notes when `body` began and how long it took, on the thread of this name.
    package static func measure<Result>(
        _ name: @autoclosure () -> String, on thread: String, _ body: () throws -> Result
    )
        rethrows
        -> Result
    {
        guard let shared else { return try body() }
        let start = now
        defer { shared.add(name(), "X", at: start, lasting: now - start, on: thread) }
        return try body()
    }

    /// Notes what began at `start`, as `begin` gave it, and ends now.
    package static func end(_ name: @autoclosure () -> String, from start: Double?, on thread: String) {
        guard let shared, let start else { return }
        shared.add(name(), "X", at: start, lasting: now - start, on: thread)
    }

    package static func begin() -> Double? { shared == nil ? nil : now }

    /// Notes that something happened.
    package static func note(_ name: @autoclosure () -> String, on thread: String) {
        shared?.add(name(), "i", at: now, lasting: nil, on: thread)
    }

    private func add(_ name: String, _ kind: String, at start: Double, lasting: Double?, on thread: String) {
        state.withLock { state in
            let number = state.threads.firstIndex(of: thread) ?? state.threads.count
            if number == state.threads.count {
                state.threads.append(thread)
                Self.write(
                    .init(name: "thread_name", ph: "M", pid: getpid(), tid: number, args: ["name": thread]), state.file)
            }
            Self.write(
                .init(
                    name: name, ph: kind, ts: start, dur: lasting, pid: getpid(), tid: number,
                    s: lasting == nil ? "t" : nil), state.file)
        }
    }

    private static func write(_ event: Event, _ file: FileHandle) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(event) else { return }
        try? file.write(contentsOf: line + Data("\n".utf8))
    }

    /// Has this process, and those that it starts, write their events while `body` runs, and brings those together in a
    /// file that began at the time which `body` returned, or later. To be called before the process has any.
    package static func record(to path: String, _ body: () throws -> (since: Double, result: Double)) throws -> Double {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw RunFailure(.inputOutput, "--timeline \(path): is there already; choose another name")
        }
        let folder = try PrivateFolder()
        setenv(variable, folder.path, 1)
        defer { unsetenv(variable) }
        let (since, result) = try body()
        var lines: [String] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let text = try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
            for line in text.split(separator: "\n") {
                guard let event = try? JSONDecoder().decode(Event.self, from: Data(line.utf8)) else { continue }
                if event.ts == nil || event.ts! >= since { lines.append(String(line)) }
            }
        }
        let json = "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n" + lines.joined(separator: ",\n") + "\n]}\n"
        var file = try AtomicFile(path: path)
        try file.write(Array(json.utf8))
        try file.commit()
        return result
    }
}
