internal import CLinux
import Foundation

/// The processor's cores, by the system's numbers.
public enum Cores {
    /// Those that the calling thread may run on. Where the system does not tell, the first, as many as there are.
    package static var available: [Int] {
        var set = cpu_set_t()
        guard sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else {
            return Array(0..<ProcessInfo.processInfo.activeProcessorCount)
        }
        return withUnsafeBytes(of: &set) { bytes in
            (0..<8 * bytes.count).filter { bytes[$0 / 8] & 1 << ($0 % 8) != 0 }
        }
    }

    /// The one that the calling thread keeps to, if it does.
    package static var own: Int? {
        let cores = available
        return cores.count == 1 ? cores[0] : nil
    }

    /// The calling thread, and every thread that it starts, runs on this core alone from now on. Where the system does
    /// not allow it, nothing changes: it makes things faster, no more.
    public static func bind(to core: Int) {
        var set = cpu_set_t()
        withUnsafeMutableBytes(of: &set) { bytes in
            guard bytes.indices.contains(core / 8) else { return }
            bytes[core / 8] = 1 << (core % 8)
        }
        _ = sched_setaffinity(0, MemoryLayout<cpu_set_t>.size, &set)
    }
}
