import Foundation
import Logging
import Programs

/// A folder that no other process has while this one does. The lock goes with the process, however it ends.
///
/// Some file systems have no locks: then the folder is locked among the processes of this machine, and a person must
/// see to it that no other machine's take it.
final class FolderLock {
    static let fileName = ".lock"

    private let file: FileHandle
    /// Holds the name that stands for the folder on this machine.
    private var name: FileHandle?

    init(_ folder: URL, log: Logger) throws {
        let path = folder.appending(path: Self.fileName).path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw RunFailure(.inputOutput, "\(path): \(String(cString: strerror(errno))); choose another --output")
        }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
        let reason = String(cString: strerror(errno))
        switch errno {
        case EWOULDBLOCK: throw Self.taken(folder)
        // Lustre without -o flock, NFS without its lock daemon, some FUSE.
        case ENOSYS, ENOLCK, ENOTSUP, EINVAL:
            name = try Self.takeName(of: folder, descriptor)
            log.warning(
                "\(folder.path): cannot be locked on this file system (\(reason)); see to it that no coordinator on another host works in it"
            )
        default: throw RunFailure(.inputOutput, "\(path): cannot be locked: \(reason); choose another --output")
        }
    }

    private static func taken(_ folder: URL) -> RunFailure {
        RunFailure(.inputOutput, "\(folder.path): another coordinator works in this folder; wait for it or stop it")
    }

    /// Takes the abstract name of a socket, which one process of a machine can have at a time.
    private static func takeName(of folder: URL, _ file: CInt) throws -> FileHandle? {
        var status = stat()
        guard fstat(file, &status) == 0 else { return nil }
        let socket = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: socket, closeOnDealloc: true)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // What begins with a zero is no path.
        let name = Array("\0heartbeatnet lock \(status.st_dev) \(status.st_ino)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let size = MemoryLayout.offset(of: \sockaddr_un.sun_path)! + name.count
        let result = withUnsafeBytes(of: &address) {
            bind(socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(size))
        }
        guard result == 0 || errno != EADDRINUSE else { throw taken(folder) }
        return handle
    }
}
