import AttentionUNet
import Checkpoints
import Examples
import Foundation
import Parameters
import Randomness
import TensorCore
import Testing
import Training

/// The gradient of a batch of three, whose first dense layer's kernel has 13,824 rows and so four blocks.
private let model: ModelSettings = {
    var model = ModelSettings()
    (model.height, model.width, model.baseFilters, model.denseLayers, model.denseWidth) = (48, 32, 9, 2, 16)
    return model
}()
private let layout = Network.attentionUNet(model).parameterLayout

private func writeInputs(_ workspace: Workspace) throws -> [String] {
    let parameters = layout.initialParameters(seed: 3)
    try ModelFile.write(
        to: workspace("parameters.safetensors"), layout: layout, withVelocity: false, metadata: [:]
    ) { range, _, sink in try sink(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(parameters.floats)[range])) }
    let entries = [
        TensorEntry(name: "images", shape: [3, 48, 32, 3]), TensorEntry(name: "labels", shape: [3], dataType: .int32),
    ]
    let images = FloatBuffer(count: 3 * 48 * 32 * 3)
    CounterGenerator(seed: 4, purpose: .probe).fillUniform(images.floats)
    try SafetensorsWriter.write(to: workspace("batch.safetensors"), tensors: entries) { entry, sink in
        if entry.name == "images" {
            try sink(images.bytes)
        } else {
            try [Int32](arrayLiteral: 0, 1, 1).withUnsafeBytes { try sink($0) }
        }
    }
    return ["--parameters", workspace("parameters.safetensors"), "--batch", workspace("batch.safetensors")]
}

extension ClusterTests {
    struct ClusterGradientTests {
        /// The one that `hbn gradient` computes alone is compared with Keras elsewhere.
        @Test(arguments: DensePlacement.allCases)
        func aClustersGradientIsThatOfOneProcess(placement: DensePlacement) throws {
            try Workspace.use { workspace in
                let options = try ["gradient"] + writeInputs(workspace)
                try workspace.succeed("hbn", options + ["--output", workspace("alone.safetensors")])
                try workspace.succeed(
                    "hbn",
                    options + ["--output", workspace("cluster.safetensors"), "--cluster", "--dense-placement"]
                        + [placement.rawValue])
                let alone = try SafetensorsFile(path: workspace("alone.safetensors"))
                let cluster = try SafetensorsFile(path: workspace("cluster.safetensors"))
                #expect(Set(alone.tensors.map(\.name)) == Set(cluster.tensors.map(\.name) + ["probabilities"]))
                for entry in cluster.tensors {
                    let wanted: [Float] = try alone.array(of: entry.name)
                    let error = relativeError(try cluster.array(of: entry.name), wanted.map(Double.init))
                    #expect(error < 1e-6, "\(entry.name)")
                }
            }
        }

        @Test func whatOnlyOneProcessHasIsNotAskedOfACluster() throws {
            try Workspace.use { workspace in
                let options = try ["gradient"] + writeInputs(workspace) + ["--output", workspace("x.safetensors")]
                #expect(try workspace.run("hbn", options + ["--cluster", "--inference"]).status == 2)
                #expect(try workspace.run("hbn", options + ["--dense-placement", "worker"]).status == 2)
            }
        }
    }
}
