import Audio
import Digests
import Foundation
import Logging
import Synchronization

/// What is kept of a sound: the pixels of all windows, and what it is.
struct KeptPictures: Hashable {
    let content: Recording.Content
    let pixels: [UInt8]
}

/// Pictures of sounds kept from one run to the next: a file for each content and settings, and for the libraries that
/// sounds pass through. (Pictures of picture files are not kept, so their libraries have no part in it.)
///
/// A file holds the pixels of all windows, a line about the sound of 128 bytes, and the SHA-256 of both as 64 digits.
/// Nothing is ever removed.
final class PictureCache: Sendable {
    /// A new number makes all older files unreachable: for changes of what pictures are made.
    private static let version = 6

    private let folder: String
    private let settingsText: String
    private let libraries: String
    private let pictureSize: Int
    private let logger: Logger
    private let hasWarned = Atomic(false)

    init(folder: String, settings: DatasetSettings, libraries: String = SoundLibraries.versions, logger: Logger) throws
    {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        settingsText = String(decoding: try encoder.encode(settings), as: UTF8.self)
        pictureSize = settings.pictureSize
        self.folder = folder
        self.libraries = libraries
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

    /// What is kept of the file with this digest; nil where nothing is, or it is damaged.
    func pictures(of digest: String) -> KeptPictures? {
        let url = URL(fileURLWithPath: path(of: digest))
        guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else { return nil }
        let count = data.count - Self.lineLength - 2 * SHA256.byteCount
        guard count > 0, count % pictureSize == 0 else { return nil }
        return data.withUnsafeBytes { bytes in
            let end = count + Self.lineLength
            let isWhole = SHA256.digest(of: UnsafeRawBufferPointer(rebasing: bytes[..<end])).utf8
                .elementsEqual(bytes[end...])
            guard isWhole, let content = Recording.Content(line: String(decoding: bytes[count..<end], as: UTF8.self))
            else { return nil }
            return KeptPictures(content: content, pixels: [UInt8](bytes[..<count]))
        }
    }

    private static let lineLength = 128

    /// Keeps pictures. Where that fails, the first failure is a warning.
    func keep(_ pictures: KeptPictures, of digest: String) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let line = pictures.content.line.utf8
            let padding = [UInt8](repeating: UInt8(ascii: " "), count: max(0, Self.lineLength - line.count))
            var bytes = pictures.pixels + line + padding
            bytes += SHA256.digest(of: bytes).utf8
            // An atomic write is one to a temporary file that is then renamed.
            try Data(bytes).write(to: URL(fileURLWithPath: path(of: digest)), options: .atomic)
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
        let key = "pictures \(Self.version)\n\(digest)\n\(settingsText)\n\(libraries)"
        return "\(folder)/\(SHA256.digest(of: key)).pictures"
    }
}

extension Recording.Content {
    /// As it stands in a file: the digest, and of a sound its rate and length.
    fileprivate var line: String {
        ([digest] + (sound.map { ["\($0.sampleRate)", "\($0.seconds)"] } ?? [])).joined(separator: " ")
    }

    fileprivate init?(line: String) {
        let parts = line.split(separator: " ")
        guard parts.count == 3, let rate = Int(parts[1]), let seconds = Double(parts[2]) else { return nil }
        self.init(digest: String(parts[0]), sound: Sound(sampleRate: rate, seconds: seconds))
    }
}
