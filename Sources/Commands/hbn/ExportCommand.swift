import ArgumentParser
import AttentionUNet
import Checkpoints
import Foundation
import ONNX
import Programs
import Runs
import TensorCore
import Training
import TrainingData

/// `hbn export`: a run's model for other programs.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a run's model in a format that other programs compute.",
        discussion: """
            ONNX: images (N, height, width, 3), float32 from -1 to 1, become probabilities (N, classes), for any N. The \
            metadata say how recordings become images. Parameters of more than 1 GiB lie beside the model, in FILE.data. \
            They are the final ones, or those of the newest checkpoint while the run is not done, unless --parameters \
            names others.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case onnx
    }

    @Option(name: .customLong("run"), help: "The run's folder.")
    var folder: String

    @Option(help: RunParameters.help)
    var parameters: RunParameters?

    @Option(help: "onnx, with operator set \(ONNXModel.operatorSet).")
    var format: Format

    @Option(help: "The file to write, which must not exist.")
    var output: String

    func run() throws {
        try reportingFailures {
            for path in [output, ONNXModel.dataPath(of: output)] where FileManager.default.fileExists(atPath: path) {
                throw RunFailure(.unusableArguments, "\(path) exists; remove it or choose another name")
            }
            let configuration = try RunConfiguration(ofRun: folder)
            let file = try SafetensorsFile(ofRun: folder, parameters)
            try file.checkFinite()
            let model = try ONNXModel(
                .attentionUNet(configuration.model), parameters: file,
                metadata: [
                    "classes": try Self.json(configuration.classes),
                    "preprocessing": "images are RGB pixels / 127.5 - 1, low frequencies at the bottom; a recording's "
                        + "probabilities are the means over its windows",
                    "recordings": try Self.json(configuration.dataset),
                    "parameters_digest": try ParameterDigest.digest(of: file),
                ])
            let written = try model.write(to: output)
            print("parameters: \(file.path)")
            for path in written { print("written: \(path)") }
        }
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
