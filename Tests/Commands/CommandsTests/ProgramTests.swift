import Kernels
import Testing

private let programs = ["hbn", "hbn-coordinator", "hbn-worker", "hbn-parameter-server"]

extension ClusterTests {
    @Suite struct ProgramTests {
        /// Before the arguments are looked at, which are wrong, too, or ask for help.
        @Test(arguments: programs) func aProcessorThatThereIsNotIsRefused(program: String) throws {
            let absent = Processor.allCases.filter { !$0.isAvailable }.map(\.rawValue)
            try Workspace.use { workspace in
                for processor in absent + ["abacus"] {
                    for arguments in [["--colour"], ["--help"], ["--version"]] {
                        let outcome = try workspace.run(
                            program, arguments, environment: [Processor.variable: processor])
                        #expect(outcome.status == 2)
                        #expect(outcome.output == "")
                        expectOneError(outcome.errors, naming: ["HBN_PROCESSOR=\(processor)", "use ", "plain"])
                        #expect(!outcome.errors.contains("colour"))
                    }
                }
            }
        }

        @Test(arguments: programs) func theVersionNamesTheKindOfProcessor(program: String) throws {
            try Workspace.use { workspace in
                for processor in Processor.allCases where processor.isAvailable {
                    let outcome = try workspace.run(
                        program, ["--version"], environment: [Processor.variable: processor.rawValue])
                    #expect(outcome.output == "0.1.0 (kernels: \(processor))\n")
                }
                let best = try workspace.run(program, ["--version"], environment: [Processor.variable: ""])
                #expect(best.output == "0.1.0 (kernels: \(Processor.best))\n")
            }
        }
    }
}
