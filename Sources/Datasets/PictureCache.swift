import Digests
import Foundation
import Logging
import Synchronization

/// Pictures of sounds kept from one run to the next: a file for each content and settings.
///
/// A file holds the pixels of all windows, then their SHA-256 as 64 digits. Nothing is ever removed.
final class PictureCache: Sendable {
    /// A new number makes all older files unreachable: for changes of what pictures are made.
    private static let version = 3

    private let folder: String
    private let settingsText: String
    private let pictureSize: Int
    private let logger: Logger
    private let hasWarned = Atomic(false)

    init(folder: String, settings: DatasetSettings, logger: Logger) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        settingsText = String(decoding: try encoder.encode(settings), as: UTF8.self)
        pictureSize = settings.pictureSize
        self.folder = folder
        self.logger = logger
    }

    /// HBN_CACHE, else heartbeatnet in XDG_CACHE_HOME, else in ~/.cache.
    static func standardFolder(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        // A file of settings may have line ends that leave a carriage return behind.
        func value(_ name: String) -> String? {
            let value = environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
            return value.isEmpty ? nil : value
        }
        if let folder = value("HBN_CACHE") { return folder }
        if let caches = value("XDG_CACHE_HOME") { return caches + "/heartbeatnet" }
        return (value("HOME") ?? NSHomeDirectory()) + "/.cache/heartbeatnet"
    }

    /// The pixels of all windows of the content with this digest; nil where none are kept or they are damaged.
    func pixels(of digest: String) -> [UInt8]? {
        let url = URL(fileURLWithPath: path(of: digest))
        guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else { return nil }
        let count = data.count - 2 * SHA256.byteCount
        guard count > 0, count % pictureSize == 0 else { return nil }
        return data.withUnsafeBytes { bytes in
            let pixels = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            let isWhole = SHA256.digest(of: pixels).utf8.elementsEqual(bytes[count...])
            return isWhole ? [UInt8](pixels) : nil
        }
    }

    /// Keeps pixels. Where that fails, the first failure is a warning.
    func keep(_ pixels: [UInt8], of digest: String) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // An atomic write is one to a temporary file that is then renamed.
            let data = Data(pixels + Array(SHA256.digest(of: pixels).utf8))
            try data.write(to: URL(fileURLWithPath: path(of: digest)), options: .atomic)
        } catch {
            if hasWarned.exchange(true, ordering: .relaxed) { return }
            logger.warning(
                """
                \(folder): the picture cache cannot be written, so pictures are made anew each run; \
                set HBN_CACHE to a writable folder
                """)
        }
    }

    func path(of digest: String) -> String {
        "\(folder)/\(SHA256.digest(of: "pictures \(Self.version)\n\(digest)\n\(settingsText)")).pictures"
    }
}
