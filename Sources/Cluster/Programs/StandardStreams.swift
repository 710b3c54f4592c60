internal import CLinux
import Foundation

/// The three streams that a program is given. What is printed is buffered by the C library, which remembers that it
/// could not write: whoever ends the program asks, so that no output is lost in silence.
package enum StandardStreams {
    /// Puts something in the place of each that is closed. Else the next file or socket would have its number, and what
    /// is printed would go there. What is put there gives nothing to read, and cannot be written to.
    static func fill() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The system gives the lowest number that is free.
            _ = open("/dev/null", O_RDONLY)
        }
    }

    /// Prints now. Nobody may be reading any more; whatever else the program does goes on.
    static func print(_ text: String) {
        Swift.print(text, terminator: "")
        _ = hbn_flush_output()
    }

    /// What kept the program's output, or a part of it, from being written; nil if all of it is.
    static func outputError() -> CInt? {
        let code = hbn_flush_output()
        guard code == 0 else { return code }
        // A file system across a network may take bytes, and tell only now that it has no place for them.
        let copy = dup(STDOUT_FILENO)
        return copy < 0 || close(copy) == 0 ? nil : errno
    }

    /// Writes to stderr if somebody reads it.
    public static func printError(_ text: String) {
        if isatty(STDERR_FILENO) != 0 { LiveLine.end() }
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
