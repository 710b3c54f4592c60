import Programs
import Transport

/// Where workers find the coordinator, and how many of them it starts itself.
public enum Gathering: Sendable {
    case local(Int)
    /// An endpoint such as tcp://0.0.0.0:5555; training begins when so many workers and parameter servers are there.
    /// Without a key, whoever reaches it can take part.
    case listen(String, minimumWorkers: Int, minimumServers: Int, key: ClusterKey?)

    package var minimumWorkers: Int {
        if case .listen(_, let minimum, _, _) = self { minimum } else { 1 }
    }

    var key: ClusterKey? {
        if case .listen(_, _, _, let key) = self { key } else { nil }
    }

    package var minimumServers: Int {
        if case .listen(_, _, let minimum, _) = self { minimum } else { 0 }
    }

    /// Throws if this process cannot have the files and sockets that so many nodes take.
    public func checkLimits() throws {
        switch self {
        // Foundation starts no process where fewer than 256 can be open.
        case .local(let count): try SystemLimits.requireOpenFiles(max(256, 64 + 8 * count))
        case .listen(_, let workers, let servers, _): try SystemLimits.requireOpenFiles(64 + 4 * (workers + servers))
        }
    }

    /// The options that gather workers in the same way.
    package var options: String {
        switch self {
        case .local(let count): " --local \(count)"
        case .listen(let endpoint, let workers, let servers, let key):
            " --listen \(endpoint)" + (workers > 1 ? " --min-workers \(workers)" : "")
                + (servers > 0 ? " --min-servers \(servers)" : "")
                + (key.map { " --cluster-key \($0.path)" } ?? (Wire.isLoopback(endpoint) ? "" : " --insecure"))
        }
    }
}

/// How much the coordinator trusts the nodes' processors.
public struct TrustSettings: Sendable {
    /// The share of the shards that are computed again elsewhere, to be compared.
    public var auditedShare: Double
    /// May nodes take part that make other bits of the probe than the coordinator does?
    public var allowsOtherBits: Bool

    public init(auditedShare: Double = 0, allowsOtherBits: Bool = false) {
        self.auditedShare = auditedShare
        self.allowsOtherBits = allowsOtherBits
    }

    /// The options that trust nodes as much.
    package var options: String {
        (auditedShare > 0 ? " --audit \(auditedShare)" : "") + (allowsOtherBits ? " --allow-other-bits" : "")
    }
}
