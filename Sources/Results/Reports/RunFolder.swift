import Files
import Foundation

/// The folder of one run. Its files appear under their names only when they are whole.
struct RunFolder {
    let url: URL

    init(_ url: URL) { self.url = url }

    /// Writes to a temporary name beside the file, then renames.
    func write(_ text: String, to name: String) throws(ReportsError) {
        let file = url.appending(path: name)
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw ReportsError(
                path: file.path,
                reason: "cannot be written (\(Self.cause(of: error))); free space or choose another --output")
        }
    }

    /// The file's text; nil when there is no such file.
    func read(_ name: String, atMost limit: Int) throws(ReportsError) -> String? {
        let file = url.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        do throws(FileError) {
            return String(decoding: try RegularFile.contents(of: file.path, atMost: limit), as: UTF8.self)
        } catch {
            throw ReportsError(path: file.path, reason: "\(error.problem); \(error.remedy)")
        }
    }

    /// What the system says, such as "No space left on device".
    private static func cause(of error: any Error) -> String {
        let error = error as NSError
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
        return (underlying ?? error).localizedDescription
    }
}
