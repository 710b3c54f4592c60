import Checkpoints
import Foundation
import Testing
import Training
import TrainingData

extension ClusterTests {
    /// Runs that begin with the parameters of another.
    @Suite struct InitialParametersTests {
        /// A run of two steps, whose last checkpoint has momentum, too.
        private static let first = TinyRun.brief.options + ["--max-steps", "2"]

        private func begin(_ workspace: Workspace) throws {
            try workspace.succeed("hbn-coordinator", Self.first + ["--local", "1", "--output", workspace("first")])
        }

        private func begin(_ workspace: Workspace, _ name: String, with file: String, _ more: String...) throws {
            try workspace.succeed(
                "hbn-coordinator",
                Self.first + ["--initial-parameters", workspace(file), "--output", workspace(name)] + more)
        }

        @Test func aRunBeginsWithTheParametersOfAFileAndSaysSo() throws {
            try Workspace.use { workspace in
                try begin(workspace)
                // Too little to move anything.
                try begin(workspace, "run", with: "first/final.safetensors", "--learning-rate", "1e-30")
                let given = try SafetensorsFile(path: workspace("first/final.safetensors"))
                let found = try SafetensorsFile(path: workspace("run/final.safetensors"))
                for name in given.tensors.map(\.name) where !name.contains(".moving_") {
                    let pairs = zip(
                        try given.array(of: name, as: Float.self), try found.array(of: name, as: Float.self))
                    #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-20 }, "\(name)")
                }
                let configuration = try RunConfiguration.decode(
                    Data(contentsOf: URL(fileURLWithPath: workspace("run/config.json"))))
                let digest = try workspace.result(of: "first").digest
                #expect(configuration.initialParameters == digest)
                #expect(try workspace.text(of: "run/report.html").contains(digest))
            }
        }

        @Test func theResultDoesNotDependOnTheWorkersOrOnWhatElseIsInTheFile() throws {
            try Workspace.use { workspace in
                try begin(workspace)
                try begin(workspace, "one", with: "first/final.safetensors", "--local", "1")
                try begin(workspace, "two", with: "first/final.safetensors", "--local", "2")
                let result = try workspace.result(of: "one")
                #expect(try workspace.result(of: "two") == result)
                #expect(try workspace.result(of: "first").digest != result.digest)
                // The same parameters, with momentum, which a new run does not take.
                try begin(workspace, "three", with: "first/checkpoints/step-000002.safetensors")
                #expect(try workspace.result(of: "three") == result)
            }
        }

        @Test func aRunThatWasKilledBeforeItsFirstCheckpointBeginsAgain() throws {
            try Workspace.use { workspace in
                try begin(workspace)
                try begin(workspace, "whole", with: "first/final.safetensors")
                // What is there when a run begins.
                for name in ["config.json", "initial.safetensors"] {
                    let bytes = try Data(contentsOf: URL(fileURLWithPath: workspace("whole/\(name)")))
                    try workspace.write(Array(bytes), to: "killed/\(name)")
                }
                let output = try workspace.succeed(
                    "hbn-coordinator", ["--resume", workspace("killed"), "--local", "1"])
                #expect(output.contains("starting at step 0"))
                #expect(try workspace.result(of: "killed") == workspace.result(of: "whole"))
            }
        }

        @Test func aRunDoesNotBeginAgainWithOtherParameters() throws {
            try Workspace.use { workspace in
                try begin(workspace)
                try begin(workspace, "run", with: "first/final.safetensors")
                try FileManager.default.removeItem(atPath: workspace("run/checkpoints"))
                let kept = workspace("run/initial.safetensors")
                let other = try Data(contentsOf: URL(fileURLWithPath: workspace("run/final.safetensors")))
                try workspace.write(Array(other), to: "run/initial.safetensors")
                for status: Int32 in [65, 74] {
                    let outcome = try workspace.run("hbn-coordinator", ["--resume", workspace("run"), "--local", "1"])
                    #expect(outcome.status == status)
                    expectOneError(outcome.errors, naming: [kept])
                    try? FileManager.default.removeItem(atPath: kept)
                }
            }
        }

        @Test func parametersThatDoNotSuitAreRefusedAndTheFolderStaysFree() throws {
            try Workspace.use { workspace in
                try begin(workspace)
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "8"])
                try FileManager.default.copyItem(atPath: workspace("data/normal"), toPath: workspace("data/third"))
                let file = workspace("first/final.safetensors")
                try workspace.write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: "empty")
                let cases = [
                    (["--data", workspace("data")], file, "head.logits"),
                    (["--base-filters", "4"], file, "encoder.1.conv1"),
                    (["--dense-layers", "1"], file, "head.dense2"), (["--dense-layers", "3"], file, "head.dense3"),
                    ([], workspace("empty"), "encoder.1.conv1.kernel"),
                ]
                for (options, file, name) in cases {
                    let outcome = try workspace.run(
                        "hbn-coordinator",
                        TinyRun.brief.options + ["--initial-parameters", file, "--output", workspace("run")] + options)
                    #expect(outcome.status == 65)
                    expectOneError(outcome.errors, naming: [file, name])
                }
                try begin(workspace, "run", with: "first/final.safetensors")
            }
        }

        /// The tensors of a file, changed, as another program writes them: by the order of their names.
        private func save(
            _ path: String, as other: String, withMetadata: Bool, change: (String, inout [Float]) -> Void = { _, _ in }
        ) throws {
            let file = try SafetensorsFile(path: path)
            var header: [String: Any] = withMetadata ? ["__metadata__": file.metadata] : [:]
            var data: [UInt8] = []
            for entry in file.tensors.sorted(by: { $0.name < $1.name }) {
                let start = data.count
                var values = try file.array(of: entry.name, as: Float.self)
                change(entry.name, &values)
                data += values.withUnsafeBytes { Array($0) }
                header[entry.name] = ["dtype": "F32", "shape": entry.shape, "data_offsets": [start, data.count]]
            }
            let text = try Array(JSONSerialization.data(withJSONObject: header))
            let bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
            try Data(bytes).write(to: URL(fileURLWithPath: other))
        }

        @Test func parametersThatAreNotFiniteAreRefusedWhereverTheyAreGiven() throws {
            try Workspace.use { workspace in
                try begin(workspace)
                let (file, tensor) = (workspace("nan.safetensors"), "encoder.1.conv1.kernel")
                try save(workspace("first/final.safetensors"), as: file, withMetadata: false) { name, values in
                    if name == tensor { values[0] = .nan }
                }
                let outcome = try workspace.run(
                    "hbn-coordinator", Self.first + ["--initial-parameters", file, "--output", workspace("run")])
                #expect(outcome.status == 65)
                expectOneError(outcome.errors, naming: [file, tensor])
                #expect(!FileManager.default.fileExists(atPath: workspace("run/config.json")))
                let batch = [
                    TensorEntry(name: "images", shape: [1, 32, 48, 3]),
                    TensorEntry(name: "labels", shape: [1], dataType: .int32),
                ]
                try SafetensorsWriter.write(to: workspace("batch"), tensors: batch) { entry, sink in
                    try [UInt8](repeating: 0, count: entry.byteCount).withUnsafeBytes { try sink($0) }
                }
                let gradient = try workspace.run(
                    "hbn",
                    [
                        "gradient", "--parameters", file, "--batch", workspace("batch"), "--output",
                        workspace("gradient"),
                    ])
                #expect(gradient.status == 65)
                expectOneError(gradient.errors, naming: [file, tensor])
                // A run whose own file holds such numbers.
                let given = try SafetensorsFile(path: file)
                try SafetensorsWriter.write(to: workspace("first/final.safetensors"), tensors: given.tensors) {
                    entry, sink in try given.withBytes(of: entry.name) { try sink($0) }
                }
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "2"])
                let run = ["--run", workspace("first")]
                for command in [
                    ["export", "--format", "onnx", "--output", workspace("m.onnx")] + run,
                    ["predict"] + run + [workspace("data/normal/000000.wav")],
                    ["evaluate", "--data", workspace("data"), "--output", workspace("scores")] + run,
                ] {
                    let outcome = try workspace.run("hbn", command)
                    #expect(outcome.status == 65)
                    expectOneError(outcome.errors, naming: ["final.safetensors", tensor])
                }
                #expect(!FileManager.default.fileExists(atPath: workspace("m.onnx")))
            }
        }

        @Test(arguments: ["final.safetensors", "checkpoints/step-000002.safetensors"])
        func aFileThatAnotherProgramSavedAgainIsTakenIfItsDataAreWhole(name: String) throws {
            try Workspace.use { workspace in
                try begin(workspace)
                try begin(workspace, "own", with: "first/final.safetensors")
                try save(workspace("first/\(name)"), as: workspace("again"), withMetadata: true)
                try begin(workspace, "run", with: "again")
                #expect(try workspace.result(of: "run") == workspace.result(of: "own"))
                try save(workspace("first/\(name)"), as: workspace("changed"), withMetadata: true) { name, values in
                    if name == "head.logits.bias" { values[0] += 1 }
                }
                let outcome = try workspace.run(
                    "hbn-coordinator",
                    Self.first + ["--initial-parameters", workspace("changed"), "--output", workspace("other")])
                #expect(outcome.status == 65)
                expectOneError(outcome.errors, naming: [workspace("changed"), "save it without metadata"])
            }
        }

        @Test func aConfigurationWithGivenParametersWantsThem() throws {
            try Workspace.use { workspace in
                try begin(workspace)
                try begin(workspace, "run", with: "first/final.safetensors")
                let again = ["--config", workspace("run/config.json"), "--output", workspace("again")]
                let outcome = try workspace.run("hbn-coordinator", again)
                #expect(outcome.status == 2)
                expectOneError(outcome.errors, naming: [workspace("run/config.json"), "--initial-parameters"])
                try workspace.succeed(
                    "hbn-coordinator", again + ["--initial-parameters", workspace("run/initial.safetensors")])
                #expect(try workspace.result(of: "again") == workspace.result(of: "run"))
            }
        }
    }
}
