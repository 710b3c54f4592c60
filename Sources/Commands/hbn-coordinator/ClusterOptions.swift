import ArgumentParser
import Coordination
import Programs
import Transport

/// Where the workers are.
struct ClusterOptions: ParsableArguments {
    @Option(help: "Start this many worker processes on this machine (default: 2 unless --listen is given).")
    var local: Int?

    @Option(help: "Wait for workers at this endpoint, such as tcp://0.0.0.0:5555.")
    var listen: String?

    @Option(help: "The file of the cluster's key, made by hbn keygen: only who has it can take part.")
    var clusterKey: String?

    @Flag(help: "Listen beyond this machine, unencrypted: anybody who reaches the port can take part.")
    var insecure = false

    @Option(help: "Begin when so many workers have joined.")
    var minWorkers: Int?

    @Option(help: "Begin when so many parameter servers have joined, beside the coordinator's own.")
    var minServers: Int?

    @Option(help: "Compute this share of the shards twice, on two workers, and compare: 0 is none, 1 is all.")
    var audit = 0.0

    @Flag(help: "Refuse nodes that compute other bits than the coordinator, as is done without a word.")
    var strictNumerics = false

    @Flag(help: "Take in nodes that compute other bits than the coordinator; the run's last bits are then chance.")
    var allowOtherBits = false

    func trust() throws -> TrustSettings {
        guard (0...1).contains(audit) else {
            throw RunFailure(.unusableArguments, "--audit must be 0 to 1, not \(audit)")
        }
        guard !strictNumerics || !allowOtherBits else {
            throw RunFailure(.unusableArguments, "use either --strict-numerics or --allow-other-bits")
        }
        return TrustSettings(auditedShare: audit, allowsOtherBits: allowOtherBits)
    }

    func gathering() throws -> Gathering {
        guard clusterKey == nil || listen != nil else {
            throw RunFailure(
                .unusableArguments, "--cluster-key goes with --listen; local workers are in a folder of your own")
        }
        guard let listen else {
            guard minWorkers == nil && minServers == nil else {
                throw RunFailure(
                    .unusableArguments, "--min-workers and --min-servers go with --listen, not with --local")
            }
            let count = local ?? 2
            guard (1...256).contains(count) else {
                throw RunFailure(.unusableArguments, "--local must be 1 to 256 workers, not \(count)")
            }
            return .local(count)
        }
        guard local == nil else { throw RunFailure(.unusableArguments, "use either --local or --listen") }
        guard (1...4096).contains(minWorkers ?? 1), (0...4096).contains(minServers ?? 0) else {
            throw RunFailure(.unusableArguments, "--min-workers must be 1 to 4096 and --min-servers 0 to 4096")
        }
        try Wire.check(listening: listen, hasKey: clusterKey != nil, isInsecure: insecure)
        let key = try clusterKey.map { try ClusterKey(path: $0) }
        return .listen(listen, minimumWorkers: minWorkers ?? 1, minimumServers: minServers ?? 0, key: key)
    }
}
