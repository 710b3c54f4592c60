import Glibc

/// What the system says by `errno`.
public enum SystemError {
    /// What would mend the failure of a system call.
    public static func remedy(for code: CInt) -> String {
        switch code {
        case ENOENT: "check the path"
        case ENOSPC, EDQUOT: "free space on the disk"
        case EACCES, EPERM, EROFS: "choose a place that this user may use"
        case EFBIG: "raise the limit of a file's size (ulimit -f)"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
        case ENOMEM: "free memory, or raise its limit (ulimit -v)"
        case EAGAIN: "raise the limit of processes (ulimit -u)"
        default: "check the disk"
        }
    }
}
