import Foundation
import Synchronization

/// A folder that only this user can enter, for the sockets of a local run; removed when it is no longer needed.
package final class PrivateFolder {
    package let path: String
    /// Those that are there.
    private static let paths = Mutex<Set<String>>([])

    package init() throws {
        // The path of a socket has at most 107 bytes, so it stands in /tmp whatever TMPDIR says.
        var template = Array("/tmp/heartbeatnet-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {  // Mode 0700.
            throw RunFailure(
                .inputOutput, "/tmp: cannot make a folder for sockets: \(String(cString: strerror(errno)))")
        }
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        Self.paths.withLock { _ = $0.insert(path) }
        self.path = path
    }

    deinit {
        Self.paths.withLock { _ = $0.remove(path) }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// For a process that ends in the middle of its work.
    static func removeAll() {
        for path in paths.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
    }
}
