import Foundation
import Synchronization

/// A terminal without a screen: a program writes to one end, and what it wrote is kept at the other.
final class PseudoTerminal: Sendable {
    private let main: CInt
    /// The program's.
    let end: FileHandle
    private let written = Mutex(Data())

    init(columns: Int) throws {
        main = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (number, isLocked): (CInt, CInt) = (0, 0)
        // TIOCGPTN and TIOCSPTLCK, which are no constants to Swift.
        guard main >= 0, ioctl(main, 0x8004_5430, &number) == 0, ioctl(main, 0x4004_5431, &isLocked) == 0 else {
            throw POSIXError(.ENOTTY)
        }
        let name = "/dev/pts/\(number)"
        end = FileHandle(fileDescriptor: open(name, O_RDWR | O_NOCTTY | O_CLOEXEC), closeOnDealloc: true)
        resize(to: columns)
        Thread.detachNewThread { [main, weak self] in
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(main, &bytes, bytes.count)
                guard count > 0, let self else { break }
                self.written.withLock { $0.append(contentsOf: bytes[..<count]) }
            }
            close(main)
        }
    }

    func resize(to columns: Int) {
        var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(main, UInt(TIOCSWINSZ), &size)
    }

    /// What was written, without the carriage returns that a terminal puts before line feeds.
    var text: String { written.withLock { String(decoding: $0, as: UTF8.self).replacing("\r\n", with: "\n") } }
}
