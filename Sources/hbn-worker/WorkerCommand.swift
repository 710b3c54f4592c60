import ArgumentParser
import ClusterRuntime
import Foundation

/// `hbn-worker`: computes shards for a coordinator until the run is over.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hbn-worker", abstract: "Compute gradients for a coordinator.",
        discussion: """
            Workers may join and leave at any time: the result is the same. A worker uses as many lanes as the machine \
            has cores unless told otherwise.
            """, version: Wire.build)

    @Option(help: "The coordinator's endpoint, such as tcp://HOST:5555.")
    var connect: String

    @Option(help: "The cluster's key. Not in this version: it does not encrypt yet.")
    var clusterKey: String?

    @Option(help: "Computing threads (default: one a core).")
    var lanes: Int?

    @Option(help: "How this worker is called (default: host and process).")
    var name: String?

    @Option(help: "Seconds to try until a coordinator answers.")
    var connectTimeout = 30

    @Option(help: .private)
    var parent: Int32?

    func run() throws {
        try reportingFailures {
            guard clusterKey == nil else {
                throw RunFailure(.unusableArguments, "--cluster-key: this build does not encrypt yet")
            }
            let cores = ProcessInfo.processInfo.activeProcessorCount
            guard (1...4096).contains(lanes ?? cores) else {
                throw RunFailure(.unusableArguments, "--lanes must be 1 to 4096, not \(lanes ?? cores)")
            }
            guard connectTimeout > 0 else { throw RunFailure(.unusableArguments, "--connect-timeout must be above 0") }
            if let parent { LocalWorkers.endWithParent(parent) }
            let process = ProcessInfo.processInfo
            let name = name ?? "\(process.hostName)-\(process.processIdentifier)"
            let worker = try Worker(
                WorkerSettings(
                    coordinator: connect, name: name, lanes: lanes ?? cores, connectTimeout: .seconds(connectTimeout)),
                log: Wire.logger(name))
            try worker.work()
        }
    }
}
