import Foundation
import Logging

/// One line a message on stderr, with the time of day and who speaks.
struct ConsoleLog: LogHandler {
    let label: String
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let mark = event.level >= .warning ? "\(event.level): " : ""
        if isatty(STDERR_FILENO) != 0 { LiveLine.clear() }
        StandardStreams.printError("\(Self.time()) \(label): \(mark)\(event.message)\n")
    }

    private static func time() -> String {
        var now = time_t(Date().timeIntervalSince1970)
        var parts = tm()
        localtime_r(&now, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}

extension Logger {
    /// A logger for a process. HBN_LOG sets the level: debug, info, warning or error. With a word that is no level the
    /// process ends.
    public static func ofProgram(_ label: String) -> Logger {
        var logger = Logger(label: label) { ConsoleLog(label: $0) }
        let word = ProcessInfo.processInfo.environment["HBN_LOG"]?.trimmingCharacters(in: .whitespacesAndNewlines)
        if let word, !word.isEmpty {
            guard let level = Logger.Level(rawValue: word) else {
                Program.exit(.unusableArguments, "HBN_LOG=\(word): use debug, info, warning or error")
            }
            logger.logLevel = level
        }
        return logger
    }
}
