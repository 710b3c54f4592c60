import AttentionUNet
import Checkpoints
import Foundation
import Training

/// The files of a `GradientFile` in a folder that is removed with the value.
final class GradientFiles {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID())")

    var parameters: String { folder.appending(path: "parameters.safetensors").path }
    var batch: String { folder.appending(path: "batch.safetensors").path }
    var output: String { folder.appending(path: "output.safetensors").path }

    /// Writes a golden network's parameters and batch.
    init(_ golden: GoldenNetwork) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let values = try golden.parameters()
        try withExtendedLifetime(values) {
            try ModelFile.write(
                to: parameters, layout: golden.network.parameterLayout, withVelocity: false, metadata: [:]
            ) { range, _, sink in
                try sink(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(values.floats)[range]))
            }
        }
        try writeBatch(
            images: golden.images, shape: [golden.samples, golden.settings.height, golden.settings.width, 3],
            labels: golden.labels)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func writeBatch(images: [Float], shape: [Int], labels: [Int32]) throws {
        let tensors = [
            TensorEntry(name: "images", shape: shape),
            TensorEntry(name: "labels", shape: [labels.count], dataType: .int32),
        ]
        try SafetensorsWriter.write(to: batch, tensors: tensors) { tensor, sink in
            if tensor.name == "images" {
                try images.withUnsafeBytes(sink)
            } else {
                try labels.withUnsafeBytes(sink)
            }
        }
    }

    /// The tensors that come out.
    func run(_ gradient: GradientFile) throws -> [String: [Float]] {
        try gradient.write(to: output, parameters: parameters, batch: batch)
        let file = try SafetensorsFile(path: output)
        try file.verify()
        return Dictionary(uniqueKeysWithValues: try file.tensors.map { ($0.name, try file.array(of: $0.name)) })
    }
}
