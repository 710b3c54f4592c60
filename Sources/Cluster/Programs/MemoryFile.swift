internal import CLinux

/// A file that is in memory alone.
package enum MemoryFile {
    /// Its descriptor; negative where the system has none. It is gone with the last process that has it open.
    package static func make() -> CInt { hbn_memory_file() }
}
