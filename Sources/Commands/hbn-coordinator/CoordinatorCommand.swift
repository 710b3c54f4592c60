import ArgumentParser
import Coordination
import Logging
import Programs
import Runs
import Training
import TrainingData

/// `hbn-coordinator`: trains the attention U-Net on a cluster, or on this machine with `--local N`.
struct CoordinatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hbn-coordinator",
        abstract: "Train the attention U-Net on heart sounds, on this machine or on many.",
        discussion: """
            --local 2 starts two worker processes here. --listen tcp://0.0.0.0:5555 waits for workers on other hosts \
            (hbn-worker --connect tcp://HOST:5555); the parameters use the next port. The final parameters have the \
            same bits for any number of workers.
            """, version: Program.version)

    @Option(
        help:
            "A table of recordings, a folder of class folders, or PhysioNet's, CirCor's or PASCAL's; or the word synthetic, which is the default."
    )
    var data: String?

    @Option(help: "The run's folder, new or empty (default: runs/run-N).")
    var output: String?

    @OptionGroup(title: "Cluster")
    var cluster: ClusterOptions

    @OptionGroup(title: "Training")
    var training: TrainingOptions

    @Option(
        help: "Begin with the parameters in this safetensors file, another run's or Keras', in place of drawn ones.")
    var initialParameters: String?

    @Option(help: "Go on with the run in this folder, from its newest checkpoint.")
    var resume: String?

    @Option(help: "Start from this config.json; other options change it.")
    var config: String?

    @Option(help: "Train a model for each of so many parts of the data, or for each site, and test it with that part.")
    var folds: FoldScheme?

    @Flag(help: "Print the layers, the number of parameters and the memory of each role, and do nothing.")
    var describe = false

    func run() throws {
        try reportingFailures {
            if let resume {
                guard output == nil, config == nil, data == nil, folds == nil, initialParameters == nil,
                    training.isEmpty
                else {
                    throw RunFailure(
                        .unusableArguments,
                        "--resume goes on with the run's own settings; leave out what would change them")
                }
                if describe {
                    let run =
                        CrossValidation.isIn(resume)
                        ? try CrossValidation.configuration(in: resume) : try RunConfiguration(ofRun: resume)
                    return try Description(run).print()
                }
                if CrossValidation.isIn(resume) {
                    return try validate(
                        CrossValidation(
                            resuming: resume, gathering: try cluster.gathering(), trust: try cluster.trust(),
                            log: Logger.ofProgram("coordinator")))
                }
                return try train(RunConfiguration(ofRun: resume))
            }
            var configuration =
                try config.map { try RunConfiguration(contentsOf: $0) }
                ?? (training.preset ?? .quick).configuration
            configuration.otherBits = nil  // Of the nodes that the other run had.
            let former = configuration.numerics.version
            configuration.numerics.renew()
            if let config, former != configuration.numerics.version {
                let change = "numerics (\(former)); this one has this version's (\(configuration.numerics.version))"
                Logger.ofProgram("coordinator").warning(
                    "\(config) is of a run with other \(change), and no measured algorithms of convolutions")
            }
            try training.apply(to: &configuration, data: data)
            if describe { return try Description(configuration).print() }
            guard configuration.initialParameters == nil || initialParameters != nil else {
                throw RunFailure(
                    .unusableArguments,
                    "--config \(config ?? ""): its run began with given parameters; name them, which are in its folder, with "
                        + "--initial-parameters")
            }
            if let folds {
                guard configuration.testData == nil, configuration.validationData == nil, initialParameters == nil
                else {
                    throw RunFailure(
                        .unusableArguments,
                        "--folds tests with the data itself, and begins each model anew; leave out --test-data, "
                            + "--validation-data and --initial-parameters")
                }
                return try validate(
                    CrossValidation(
                        configuration, folds, output: output, gathering: try cluster.gathering(),
                        trust: try cluster.trust(), log: Logger.ofProgram("coordinator")))
            }
            try train(configuration)
        }
    }

    private func validate(_ validation: CrossValidation) throws { print("report: \(try validation.run())") }

    private func train(_ configuration: RunConfiguration) throws {
        let run = try TrainingRun(
            configuration, output: output, initialParameters: initialParameters, resuming: resume,
            gathering: try cluster.gathering(),
            trust: try cluster.trust(), log: Logger.ofProgram("coordinator"))
        print("report: \(try run.train())")
    }
}

extension FoldScheme: ExpressibleByArgument {
    public init?(argument: String) {
        if argument == "site" {
            self = .site
        } else if let count = Int(argument), (2...1000).contains(count) {
            self = .count(count)
        } else {
            return nil
        }
    }
}
