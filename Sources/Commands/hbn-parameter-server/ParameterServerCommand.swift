import ArgumentParser
import Foundation
import Logging
import ParameterServing
import Programs
import Transport

/// `hbn-parameter-server`: holds a part of a run's parameters until the run is over.
struct ParameterServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hbn-parameter-server", abstract: "Hold a part of the parameters of a run.",
        discussion: """
            The coordinator holds parameters too; each further server takes its share of memory and network. They may \
            join and leave at any time: the result is the same. When one is lost, the run goes back to its last \
            checkpoint.
            """, version: Program.version)

    @OptionGroup var node: NodeOptions

    @Option(help: "Where workers reach it (default: any port; only this machine's if the coordinator is on it).")
    var listen: String?

    @Flag(help: "Listen beyond this machine, unencrypted: anybody who reaches the port can take part.")
    var insecure = false

    func run() throws {
        try reportingFailures {
            let link = try node.link()
            let listen = listen ?? (Wire.isLoopback(node.connect) ? "tcp://127.0.0.1:*" : "tcp://*:*")
            try Wire.check(listening: listen, hasKey: link.key != nil, isInsecure: insecure)
            let server = try ParameterServerNode(
                ParameterServerSettings(link: link, listen: listen),
                interruption: try Interruption(secondTime: .interrupted, "interrupted twice"),
                log: Logger.ofProgram(link.name))
            try server.serve()
        }
    }
}
