internal import CLinux
import Foundation

/// What the system lets this process have. Libraries below us abort where they cannot have a file or a thread, so it is
/// asked before.
package enum SystemLimits {
    /// How many files can be open at a time: as many as the system allows, for a coordinator has several for each node.
    private static let openFiles: UInt = {
        let present = limit(of: RLIMIT_NOFILE)
        var allowed = rlimit(rlim_cur: present.rlim_max, rlim_max: present.rlim_max)
        return setrlimit(CInt(RLIMIT_NOFILE.rawValue), &allowed) == 0 ? allowed.rlim_cur : present.rlim_cur
    }()

    /// Throws if there cannot be the files and threads that every program has.
    static func check() throws {
        try requireOpenFiles(64)
        let threads = 16
        guard hbn_possible_threads(CInt(threads)) == threads else {
            throw RunFailure(
                .inputOutput,
                "no \(threads) threads can be started here; raise the limit of processes (ulimit -u, a container's pids) "
                    + "or of memory (ulimit -v)")
        }
    }

    /// Throws if so many files cannot be open at a time.
    package static func requireOpenFiles(_ count: Int) throws {
        guard openFiles < UInt(count) else { return }
        throw RunFailure(
            .inputOutput,
            "at most \(openFiles) files can be open at a time here, where \(count) are needed; raise the limit "
                + "(ulimit -n \(count), a service's LimitNOFILE)")
    }

    /// What the code and the threads of a coordinator take of a process's addresses, whatever its model.
    private static let ownAddresses = 1 << 30

    /// Throws if the process cannot have the addresses for so much memory.
    package static func requireAddresses(forBytes count: Int) throws {
        let present = limit(of: RLIMIT_AS).rlim_cur
        guard present < UInt(count + ownAddresses) else { return }
        throw RunFailure(
            .inputOutput,
            "this process can have \(present >> 20) MiB of addresses, where \((count + ownAddresses) >> 20) are needed; "
                + "raise the limit (ulimit -v)")
    }

    private static func limit(of resource: __rlimit_resource) -> rlimit {
        var limit = rlimit(rlim_cur: .max, rlim_max: .max)
        getrlimit(CInt(resource.rawValue), &limit)
        return limit
    }
}
