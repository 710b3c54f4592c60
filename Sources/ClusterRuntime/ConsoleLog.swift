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
        // A live progress line is cleared first.
        let start = isatty(STDERR_FILENO) != 0 ? "\r\u{1B}[K" : ""
        Wire.sayOnStandardError("\(start)\(Self.time()) \(label): \(mark)\(event.message)\n")
    }

    private static func time() -> String {
        var now = time_t(Date().timeIntervalSince1970)
        var parts = tm()
        localtime_r(&now, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
