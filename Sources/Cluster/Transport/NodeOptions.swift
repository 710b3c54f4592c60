import ArgumentParser
import Foundation
import Programs

/// What every program that joins a coordinator is told.
public struct NodeOptions: ParsableArguments {
    @Option(help: "The coordinator's endpoint, such as tcp://HOST:5555.")
    public var connect: String

    @Option(help: "The file of the cluster's key, made by hbn keygen, if the coordinator has one.")
    var clusterKey: String?

    @Option(help: "How this node is called (default: host and process).")
    var name: String?

    @Option(help: "Seconds to try until a coordinator answers.")
    var connectTimeout = 30

    /// For tests of nodes that compute other bits.
    @Option(help: .private)
    var fingerprint: String?

    public init() {}

    public func link() throws -> LinkSettings {
        guard Wire.split(connect) != nil || connect.hasPrefix("ipc://") else {
            throw RunFailure(.unusableArguments, "--connect \(connect): use tcp://HOST:PORT, such as tcp://HOST:5555")
        }
        guard connectTimeout > 0 else { throw RunFailure(.unusableArguments, "--connect-timeout must be above 0") }
        let process = ProcessInfo.processInfo
        var settings = LinkSettings(
            coordinator: connect, name: name ?? "\(process.hostName)-\(process.processIdentifier)",
            key: try clusterKey.map { try ClusterKey(path: $0) },
            connectTimeout: .seconds(connectTimeout))
        settings.fingerprint = fingerprint
        return settings
    }
}
