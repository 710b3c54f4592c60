import Glibc

/// What lies at a path, links followed.
public enum FileKind: Hashable, Sendable {
    case regular, folder, namedPipe, socket, device, missing
    /// A link to what is not there.
    case danglingLink(to: String)
    /// The system does not tell, for the reason in `errno`.
    case untold(CInt)

    public init(at path: String) {
        var status = stat()
        guard stat(path, &status) != 0 else {
            self.init(mode: status.st_mode)
            return
        }
        let code = errno
        guard code == ENOENT || code == ENOTDIR else {
            self = .untold(code)
            return
        }
        self = Self.target(ofLinkAt: path).map(FileKind.danglingLink) ?? .missing
    }

    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .folder
        case S_IFIFO: self = .namedPipe
        case S_IFSOCK: self = .socket
        default: self = .device
        }
    }

    private static func target(ofLinkAt path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

extension FileError {
    /// Why what lies at a path could not be opened as a regular file; `code` is the `errno` of that.
    init(_ path: String, _ kind: FileKind, code: CInt = 0) {
        let notRegular = { (what: String) in ("not a regular file (\(what))", "put a file in its place or remove it") }
        let (problem, remedy) =
            switch kind {
            case .folder: notRegular("a folder")
            case .namedPipe: notRegular("a named pipe")
            case .socket: notRegular("a socket")
            case .device: notRegular("a device")
            case .missing: ("there is no such file", "check the path")
            case .danglingLink(let target) where target.contains("annex/objects/"):
                ("git-annex keeps its content elsewhere", "run git annex get")
            case .danglingLink(let target):
                ("a link to \(target.debugDescription), which is not there", "restore that file or remove the link")
            case .regular, .untold:
                switch code {
                case EACCES, EPERM: ("this user may not read it", "change its permissions")
                case EMFILE, ENFILE: ("too many files are open", "raise the limit (ulimit -n)")
                default: ("cannot be opened (\(String(cString: strerror(code))))", "check the path and the disk")
                }
            }
        self.init(path: path, problem: problem, remedy: remedy)
    }
}
