import Foundation

/// A folder that only this user can enter, for the sockets of a local run; removed when it is no longer needed.
final class PrivateFolder {
    let path: String

    init() throws {
        // The path of a socket has at most 107 bytes, so it stands in /tmp whatever TMPDIR says.
        var template = Array("/tmp/heartbeatnet-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {  // Mode 0700.
            throw RunFailure(
                .inputOutput, "/tmp: cannot make a folder for sockets: \(String(cString: strerror(errno)))")
        }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
