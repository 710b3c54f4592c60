import Foundation
import Programs
import ZeroMQ

/// What every process of a cluster does the same way.
public enum Wire {
    /// Queues are short: whoever waits for a shard has asked for it.
    package static let options: [SocketOption] = [
        .ipv6(true), .sendHighWaterMark(256), .receiveHighWaterMark(256),
        .tcpKeepalive(idle: .seconds(10), interval: .seconds(5)),
        .reconnectInterval(.milliseconds(100)), .maximumReconnectInterval(.seconds(2)),
    ]

    /// A router names who is gone, and gives the routing id of a dead connection to the new one.
    package static let routerOptions: [SocketOption] = [
        .routerMandatory(true), .routerHandover(true), .linger(.seconds(2)),
    ]

    /// What a node's sockets live in. A connection stays on one I/O thread, and encryption fills that thread's core at
    /// about 1.2 GB/s; so a node with a key has one for every other core, up to eight, among which its connections are
    /// divided.
    package static func context(hasKey: Bool, leastThreads: Int = 1) throws -> Context {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return try Context(ioThreads: hasKey ? max(leastThreads, min(cores / 2, 8)) : leastThreads)
    }

    /// Frames of so many bytes are taken everywhere.
    static let leastFrameLimit = 16 << 20

    /// A peer that sends a longer frame is disconnected before any memory is taken for it.
    package static func frameLimit(floats: Int) -> SocketOption {
        .maximumFrameSize(max(leastFrameLimit, floats * MemoryLayout<Float>.stride))
    }

    /// Throws if a node cannot listen at the endpoint by its form, or must not: beyond the machine it takes a key, or
    /// the user's word that there is none.
    public static func check(listening endpoint: String, hasKey: Bool, isInsecure: Bool) throws {
        guard !hasKey || !isInsecure else {
            throw RunFailure(.unusableArguments, "use either --cluster-key or --insecure")
        }
        _ = try nextPort(after: endpoint)
        guard hasKey || isInsecure || isLoopback(endpoint) else {
            throw RunFailure(
                .unusableArguments,
                "--listen \(endpoint): reaches beyond this machine; give --cluster-key FILE, made by hbn keygen, or "
                    + "--insecure to do without")
        }
    }

    /// The parameter server listens at the coordinator's port plus one, or anywhere if that one is free to choose.
    package static func nextPort(after endpoint: String) throws -> String {
        guard let (host, port) = split(endpoint) else {
            throw RunFailure(
                .unusableArguments, "--listen \(endpoint): use tcp://HOST:PORT, such as tcp://0.0.0.0:5555")
        }
        if port == "*" || port == "0" { return "tcp://\(host):*" }
        guard let number = UInt16(port), number < UInt16.max else {
            throw RunFailure(
                .unusableArguments, "--listen \(endpoint): the port must be a number from 1 to 65534, or *")
        }
        return "tcp://\(host):\(number + 1)"
    }

    /// The processor's name, as the system gives it.
    static var processor: String {
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }

    /// An endpoint as others reach it: where it names any address of its own machine, or the one that only the machine
    /// itself can use, that is the host at which the machine was reached.
    package static func resolve(_ endpoint: String, reachedAt reached: String?) -> String {
        guard let (host, port) = split(endpoint), isWildcard(host) || isLoopback(endpoint), var reached else {
            return endpoint
        }
        if reached.contains(":") && !reached.hasPrefix("[") { reached = "[\(reached)]" }
        // On the machine itself an address of its own is right as it is; and what listens at all of IPv4's does not at
        // [::1].
        if isLoopback("tcp://\(reached):0") {
            if !isWildcard(host) { return endpoint }
            if host == "0.0.0.0" { reached = "127.0.0.1" }
        }
        return "tcp://\(reached):\(port)"
    }

    /// The same port, wherever its host was reached.
    package static func anywhere(_ endpoint: String) -> String {
        split(endpoint).map { "tcp://*:\($0.port)" } ?? endpoint
    }

    /// Host and port of a TCP endpoint; nil for others.
    package static func split(_ endpoint: String) -> (host: String, port: String)? {
        guard endpoint.hasPrefix("tcp://") else { return nil }
        let address = endpoint.dropFirst(6)
        guard let colon = address.lastIndex(of: ":") else { return nil }
        let host = address[..<colon]
        return (String(host), String(endpoint[endpoint.index(after: colon)...]))
    }

    /// Does the endpoint reach no further than this machine?
    public static func isLoopback(_ endpoint: String) -> Bool {
        guard let (host, _) = split(endpoint) else { return endpoint.hasPrefix("ipc://") }
        return ["127.", "[::ffff:127."].contains(where: host.hasPrefix) || ["localhost", "[::1]"].contains(host)
    }

    /// An endpoint as people write it: ZeroMQ names IPv4 addresses by IPv6's form of them, [::ffff:127.0.0.1].
    static func plain(_ endpoint: String) -> String {
        endpoint.replacing(#/\[::ffff:([0-9.]+)\]/#) { String($0.1) }
    }

    static func isWildcard(_ host: String) -> Bool { ["*", "0.0.0.0", "[::]", "::"].contains(host) }
}
