import Kernels
import Testing

/// The digest of the parameters of the run below, on every machine.
///
/// It changes with whatever changes the numerics of a step, of pictures or of draws, and must not change otherwise. Who
/// means to change it raises `NumericsSettings.currentVersion`, so that no run goes on with other bits than it began
/// with, and writes here what `swift test --filter PromiseTests` says that it is now: for each kind of processor the
/// same.
private let promisedDigest = "ef732c81e650bbea5f8fbc67c7be8c216e60d13d64a7126ee879087b6b296116"

/// Something of everything: both of the convolutions' algorithms, and all that draws, optimizes, augments and balances.
private let options =
    TinyRun.model + [
        "--data", "synthetic", "--recordings", "16", "--seed", "3", "--epochs", "2", "--max-steps", "5",
        "--learning-rate", "0.02", "--learning-rate-decay", "cosine", "--momentum", "0.9", "--nesterov",
        "--weight-decay", "0.001", "--dropout", "0.3", "--balance", "class", "--band-pass", "25-400", "--shear-range",
        "10", "--zoom-range", "0.2", "--rotation-range", "5", "--width-shift-range", "0.1", "--height-shift-range", "2",
        "--horizontal-flip", "--fill-mode", "reflect", "--time-masks", "1", "--frequency-masks", "1",
    ]

extension ClusterTests {
    @Suite struct PromiseTests {
        @Test(arguments: Processor.allCases.filter(\.isAvailable))
        func everyMachineComesToThePromisedParameters(processor: Processor) throws {
            try Workspace.use { workspace in
                let run = try workspace.run(
                    "hbn-coordinator", options + ["--local", "1", "--output", workspace("run")],
                    environment: [Processor.variable: processor.rawValue])
                try #require(run.status == 0, "\(run.errors)")
                let digest = try workspace.succeed("hbn", ["inspect", workspace("run"), "--digest"])
                #expect(digest == promisedDigest + "\n")
            }
        }
    }
}
