import ArgumentParser
import Programs
import Transport

/// `hbn keygen`: the key of a cluster.
struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen", abstract: "Make the key of a cluster.",
        discussion: """
            Copy the file to every host, over a way that you trust, and name it there with --cluster-key. Whoever has it \
            can take part in training and read what travels.
            """)

    @Argument(help: "The file to write. Only you may read it; it is not overwritten.")
    var file: String

    func run() throws {
        try reportingFailures {
            try ClusterKey.generate(at: file)
            print("\(file): the key of a new cluster; copy it to every host, readable by its owner alone")
        }
    }
}
