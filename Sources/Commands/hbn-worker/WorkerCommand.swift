import ArgumentParser
import Foundation
import Logging
import Programs
import Transport
import Workers

/// `hbn-worker`: computes shards for a coordinator until the run is over.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hbn-worker", abstract: "Compute gradients for a coordinator.",
        discussion: """
            Workers may join and leave at any time: the result is the same. A worker uses as many lanes as the machine \
            has cores unless told otherwise. SIGTERM makes it finish what it has begun and leave.
            """, version: Program.version)

    @OptionGroup var node: NodeOptions

    @Option(help: "Computing threads (default: one a core).")
    var lanes: Int?

    @Option(help: .private)
    var parent: Int32?

    @Option(help: .private)
    var core: Int?

    /// For tests of the audits.
    @Option(help: .private)
    var corruptEvery: Int?

    func run() throws {
        try reportingFailures {
            let cores = ProcessInfo.processInfo.activeProcessorCount
            guard (1...4096).contains(lanes ?? cores) else {
                throw RunFailure(.unusableArguments, "--lanes must be 1 to 4096, not \(lanes ?? cores)")
            }
            guard corruptEvery ?? 1 > 0 else {
                throw RunFailure(.unusableArguments, "--corrupt-every must be above 0")
            }
            if let core { Cores.bind(to: core) }
            if let parent { ParentProcess.follow(parent) }
            let link = try node.link()
            let worker = try Worker(
                WorkerSettings(link: link, lanes: lanes ?? cores, corruptEvery: corruptEvery),
                interruption: try Interruption(
                    parent == nil ? Interruption.signals : [SIGTERM], secondTime: .interrupted, "interrupted twice"),
                log: Logger.ofProgram(link.name))
            try worker.work()
        }
    }
}
