import Checkpoints
import Foundation
import Logging
import Parameters
import TensorCore
import Testing
import Training
import TrainingData

@testable import Coordination
@testable import Programs
@testable import Runs
@testable import Transport

extension ClusterTests {
    /// Trainings that come to numbers which are not finite.
    @Suite struct DivergenceTests {
        /// One step so great that nothing finite can be computed after it.
        private static let steep = ["--learning-rate", "1e8", "--learning-rate-decay", "constant", "--momentum", "0"]

        @Test func aDivergenceThatScoringFindsIsToldOfItsStep() throws {
            try Workspace.use { workspace in
                let run = TinyRun.brief.options + Self.steep + ["--max-steps", "1", "--output", workspace("run")]
                for options in [run, ["--resume", workspace("run")]] {
                    let outcome = try workspace.run("hbn-coordinator", options + ["--local", "1"])
                    #expect(outcome.status == 70)
                    expectOneError(
                        outcome.errors,
                        naming: [
                            "step 1 was applied", workspace("run/checkpoints/step-000001.safetensors"),
                            "no earlier parameters are kept", "smaller --learning-rate than 1e+08", "recordings: ",
                        ])
                    #expect(!outcome.errors.contains("18446744"))
                }
                // What can be computed with such parameters is no prediction.
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "2"])
                let prediction = try workspace.run(
                    "hbn", ["predict", "--run", workspace("run"), workspace("data/normal/000000.wav")])
                #expect(prediction.status == 65 && prediction.errors.contains("step-000001.safetensors: with these"))
            }
        }

        @Test func aStepThatLeavesNothingFiniteEndsTheRunAtOnce() throws {
            try Workspace.use { workspace in
                try workspace.succeed(
                    "hbn-coordinator",
                    TinyRun.brief.options + ["--max-steps", "4", "--local", "1", "--output", workspace("run")])
                var configuration = try RunConfiguration(ofRun: workspace("run"))
                configuration.optimizer = .init(learningRate: 3e38, weightDecay: 1e3)
                configuration.maximumSteps = 6
                try workspace.write(Array(configuration.encoded()), to: "run/config.json")
                let outcome = try workspace.run("hbn-coordinator", ["--resume", workspace("run"), "--local", "1"])
                #expect(outcome.status == 70)
                expectOneError(
                    outcome.errors,
                    naming: [
                        "step 5 was applied, and the training has diverged: the parameters are not finite",
                        "go on from \(workspace("run/checkpoints/step-000004.safetensors"))",
                    ])
            }
        }

        @Test func whatWasSoundIsKeptAndTheWayOnWorks() throws {
            try Workspace.use { workspace in
                try workspace.succeed(
                    "hbn-coordinator",
                    TinyRun.brief.options + ["--max-steps", "4", "--keep", "1", "--output", workspace("run")])
                // It goes on by one step that is much too great.
                var configuration = try RunConfiguration(ofRun: workspace("run"))
                configuration.optimizer = .init(learningRate: 1e8)
                configuration.maximumSteps = 5
                try workspace.write(Array(configuration.encoded()), to: "run/config.json")
                let outcome = try workspace.run("hbn-coordinator", ["--resume", workspace("run"), "--local", "1"])
                #expect(outcome.status == 70)
                let sound = workspace("run/checkpoints/step-000004.safetensors")
                expectOneError(outcome.errors, naming: ["step 5 was applied", "go on from \(sound)"])
                // As the line says.
                let line = try #require(
                    outcome.errors.firstMatch(
                        of: #/hbn-coordinator (--config .* --learning-rate )RATE --output FOLDER/#))
                let options = line.1.split(separator: " ").map(String.init)
                #expect(options.contains(sound))
                try workspace.succeed("hbn-coordinator", options + ["1e-3", "--output", workspace("on")])
            }
        }

        @Test func parametersThatAreNotFiniteAreNotWritten() throws {
            try Workspace.use { workspace in
                let layout = Network.attentionUNet(Preset.quick.configuration.model).parameterLayout
                let parameters = layout.initialParameters(seed: 1)
                func snapshot() -> ParameterSnapshot {
                    let floats = ParameterSnapshot.Floats.held(parameters: FloatFrame(parameters), velocity: nil)
                    return ParameterSnapshot(
                        version: 7, hasVelocity: false, parts: [.init(range: 0..<layout.count, floats: floats)])
                }
                let writer = CheckpointWriter(layout: layout, waking: try! Wakeup(), log: Logger(label: "test"))
                let cursor = Cursor(
                    configuration: Preset.quick.configuration, step: 7, epoch: 0, progress: EpochProgress())
                try writer.write(snapshot(), to: workspace("good"), cursor: cursor)
                writer.finish()
                try writer.checkFinite()
                let victim = try #require(layout["bottleneck.conv1.bias"])
                parameters.floats(of: victim)[3] = .infinity
                try writer.write(snapshot(), to: workspace("bad"), cursor: cursor)
                writer.finish()
                let error = try #require(throws: NotFinite.self) { try writer.checkFinite() }
                #expect(error.step == 7 && error.tensor == victim.name)
                let names = try FileManager.default.contentsOfDirectory(atPath: workspace.path)
                #expect(names == ["good"])
            }
        }
    }
}
