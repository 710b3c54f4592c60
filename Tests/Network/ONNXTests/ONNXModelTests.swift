import AttentionUNet
import Checkpoints
import Failures
import Files
import Foundation
import ONNX
import TensorCore
import Testing

@Test func theModelTakesAnyNumberOfImages() throws {
    let exported = try ExportedModel()
    #expect(exported.operatorSets == [17])
    #expect(exported.model.ir_version == 8)
    #expect(exported.inputs == ["images": ["N", "16", "48", "3"]])
    #expect(exported.outputs == ["probabilities": ["N", "3"]])
    #expect(exported.metadata == ["classes": "a,b,c", "more": "♥"])
    #expect(exported.written == [exported.path])
}

@Test func everyNodeReadsWhatWasWrittenBeforeAndEveryTensorIsRead() throws {
    let exported = try ExportedModel()
    var known = Set(exported.inputs.keys).union(exported.tensors.map(\.name))
    for node in exported.nodes {
        for input in node.inputs where !input.isEmpty { #expect(known.contains(input), "\(input) of \(node.name)") }
        for output in node.outputs { #expect(known.insert(output).inserted, "\(output) is written twice") }
    }
    let read = Set(exported.nodes.flatMap(\.inputs))
    #expect(known.subtracting(read) == ["probabilities"])
}

@Test func theNodesAreThoseOfTheNotebooksModel() throws {
    let counts = try ExportedModel().nodes.reduce(into: [:]) { $0[$1.operation, default: 0] += 1 }
    // Nine pairs of 3x3 convolutions, and four gates with theta, phi, psi and result.
    #expect(
        counts == [
            "Conv": 18 + 16, "ConvTranspose": 4, "Relu": 18 + 4, "Sigmoid": 4, "MaxPool": 4, "Add": 4, "Resize": 4,
            "Mul": 4, "BatchNormalization": 4, "Transpose": 2, "Flatten": 1, "Gemm": 3, "LeakyRelu": 2, "Softmax": 1,
        ])
}

@Test(arguments: [
    ("encoder.1.conv1", ["kernel_shape": "[3, 3]", "strides": "[1, 1]", "pads": "[1, 1, 1, 1]"]),
    ("decoder.2.attention.theta", ["kernel_shape": "[2, 2]", "strides": "[2, 2]", "pads": "[0, 0, 0, 0]"]),
    ("decoder.2.attention.phi", ["kernel_shape": "[1, 1]", "strides": "[1, 1]", "pads": "[0, 0, 0, 0]"]),
    ("decoder.2.attention.upsample", ["kernel_shape": "[3, 3]", "strides": "[1, 1]", "pads": "[1, 1, 1, 1]"]),
    ("encoder.1.pool", ["kernel_shape": "[2, 2]", "strides": "[2, 2]"]),
    (
        "decoder.4.attention.mask.repeat",
        ["mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"]
    ),
    ("decoder.4.attention.norm", ["epsilon": "0.001"]),
    ("images.channels-first", ["perm": "[0, 3, 1, 2]"]), ("head.flatten.channels-last", ["perm": "[0, 2, 3, 1]"]),
    ("head.flatten", ["axis": "1"]), ("head.dense2.leaky", ["alpha": "0.1"]), ("head.logits", [:]),
    ("probabilities", ["axis": "1"]),
])
func theAttributesAreKerasSettings(name: String, attributes: [String: String]) throws {
    #expect(try #require(ExportedModel().node(name)).attributes == attributes)
}

@Test(arguments: [ONNXModel.embeddedByteCount, 0])
func theTensorsAreTheCheckpointsInONNXsOrderOfAxes(limit: Int) throws {
    let exported = try ExportedModel(embeddingAtMost: limit)
    let found = try exported.parameters()
    let entries = exported.checkpoint.tensors
    #expect(found.count == entries.count)
    for entry in entries {
        let tensor = try #require(found[entry.name])
        let values: [Float] = try exported.checkpoint.array(of: entry.name)
        let s = entry.shape
        guard s.count == 4 else {
            #expect(tensor.dimensions == s && tensor.floats == values, "\(entry.name)")
            continue
        }
        #expect(tensor.dimensions == [s[3], s[2], s[0], s[1]], "\(entry.name)")
        var isEqual = true
        for (place, value) in values.enumerated() {
            let (d, c, x, y) = (
                place % s[3], place / s[3] % s[2], place / s[3] / s[2] % s[1], place / s[3] / s[2] / s[1]
            )
            isEqual = isEqual && tensor.floats[((d * s[2] + c) * s[0] + y) * s[1] + x] == value
        }
        #expect(isEqual, "\(entry.name)")
    }
    #expect(exported.tensors.allSatisfy { $0.type == 1 })
}

@Test func parametersBeyondTheLimitLieInPagesOfAFileBesideTheModel() throws {
    let exported = try ExportedModel(embeddingAtMost: 0)
    let data = exported.path + ".data"
    #expect(exported.written == [exported.path, data])
    var end = 0
    for tensor in exported.tensors where tensor.name != "twice" {
        #expect(tensor.floats == nil)
        #expect(tensor.place["location"] == "model.onnx.data")
        let offset = try #require(tensor.place["offset"].flatMap { Int($0) })
        #expect(offset % 4096 == 0 && offset >= end, "\(tensor.name)")
        end = offset + tensor.dimensions.reduce(4, *)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: data)).count == end)
    #expect(try Data(contentsOf: URL(fileURLWithPath: exported.path)).count < 50_000)
    // What an operation reads to know its output's shape must be in the model.
    #expect(exported.tensors.first { $0.name == "twice" }?.floats == [1, 1, 2, 2])
}

@Test func parametersOfAnotherModelAreRefused() throws {
    let exported = try ExportedModel()
    for (change, name) in [(\ModelSettings.denseLayers, "head.dense3"), (\.classes, "head.logits")] {
        var settings = ExportedModel.settings
        settings[keyPath: change] += 1
        let error = try #require(throws: CheckpointError.self) {
            try ONNXModel(.attentionUNet(settings), parameters: exported.checkpoint)
        }
        #expect(error.description.contains(name))
    }
}

@Test(arguments: [ONNXModel.embeddedByteCount, 0]) func aFolderThatIsNotThereIsNamed(limit: Int) throws {
    let exported = try ExportedModel()
    let path = exported.folder.appending(path: "nowhere/model.onnx").path
    let error = try #require(throws: FileError.self) {
        try ONNXModel(ExportedModel.network, parameters: exported.checkpoint).write(to: path, embeddingAtMost: limit)
    }
    #expect(error.exitStatus == .inputOutput)
    #expect(error.description.contains(path))
}
