internal import CLinux
import Failures
import Foundation

/// The process that has started this one.
public enum ParentProcess {
    /// Ends this process when its parent ends, however that does. To be called before there are threads.
    public static func follow(_ parent: Int32) {
        _ = hbn_end_with_parent()
        // The parent may have ended before that.
        if getppid() != parent { exit(ExitStatus.clusterUnreachable.rawValue) }
        // Ctrl-C on the terminal, and its end, reach the whole group; the parent decides when its children end.
        for number in [SIGINT, SIGHUP] { signal(number, SIG_IGN) }
    }
}
