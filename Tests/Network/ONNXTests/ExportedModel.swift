import AttentionUNet
internal import CONNX
import Checkpoints
import Foundation
import ONNX
import Parameters
import TensorCore
import Training

/// A small network with parameters in a file, and what was written of it; gone with the value.
final class ExportedModel {
    static let settings: ModelSettings = {
        var settings = ModelSettings()
        (settings.height, settings.width, settings.baseFilters, settings.classes) = (16, 48, 4, 3)
        (settings.denseLayers, settings.denseWidth) = (2, 8)
        return settings
    }()
    static let network = Network.attentionUNet(settings)

    let folder = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID())")
    let checkpoint: SafetensorsFile
    let written: [String]
    private let decoded: UnsafeMutablePointer<Onnx__ModelProto>

    var path: String { folder.appending(path: "model.onnx").path }
    var model: Onnx__ModelProto { decoded.pointee }
    var graph: Onnx__GraphProto { decoded.pointee.graph.pointee }

    /// A limit of 0 has all parameters in the second file.
    init(embeddingAtMost limit: Int = ONNXModel.embeddedByteCount) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let layout = Self.network.parameterLayout
        let parameters = layout.initialParameters(seed: 7)
        // Not zeros or ones, as many of the initial ones are.
        for parameter in layout.parameters where parameter.shape.count == 1 {
            for (i, place) in parameter.range.enumerated() { parameters.floats[place] = 0.5 + Float(i) / 64 }
        }
        let file = folder.appending(path: "parameters.safetensors").path
        try ModelFile.write(to: file, layout: layout, withVelocity: false, metadata: [:]) { range, _, sink in
            try sink(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(parameters.floats)[range]))
        }
        checkpoint = try SafetensorsFile(path: file)
        let path = folder.appending(path: "model.onnx").path
        written = try ONNXModel(Self.network, parameters: checkpoint, metadata: ["classes": "a,b,c", "more": "♥"])
            .write(to: path, embeddingAtMost: limit)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        decoded = bytes.withUnsafeBytes {
            onnx__model_proto__unpack(nil, $0.count, $0.assumingMemoryBound(to: UInt8.self).baseAddress)
        }
    }

    deinit {
        onnx__model_proto__free_unpacked(decoded, nil)
        try? FileManager.default.removeItem(at: folder)
    }

    struct Node {
        let operation: String
        let name: String
        let inputs: [String]
        let outputs: [String]
        let attributes: [String: String]
    }

    var nodes: [Node] {
        list(graph.node, graph.n_node).map { node in
            Node(
                operation: String(cString: node.op_type), name: String(cString: node.name),
                inputs: strings(node.input, node.n_input), outputs: strings(node.output, node.n_output),
                attributes: Dictionary(
                    uniqueKeysWithValues: list(node.attribute, node.n_attribute).map {
                        (String(cString: $0.name), text(of: $0))
                    }))
        }
    }

    func node(_ name: String) -> Node? { nodes.first { $0.name == name } }

    struct Tensor {
        let name: String
        let type: Int32
        let dimensions: [Int]
        /// nil where they lie in another file.
        let floats: [Float]?
        let place: [String: String]
    }

    var tensors: [Tensor] {
        list(graph.initializer, graph.n_initializer).map { tensor in
            let bytes = UnsafeRawBufferPointer(start: tensor.raw_data.data, count: tensor.raw_data.len)
            return Tensor(
                name: String(cString: tensor.name), type: tensor.data_type,
                dimensions: UnsafeBufferPointer(start: tensor.dims, count: tensor.n_dims).map { Int($0) },
                floats: tensor.has_raw_data != 0 ? floats(bytes) : nil,
                place: entries(tensor.external_data, tensor.n_external_data))
        }
    }

    /// Of the parameters, whose bytes are fetched from where they lie.
    func parameters() throws -> [String: (dimensions: [Int], floats: [Float])] {
        let pairs = try tensors.filter { $0.name != "twice" }.map { tensor in
            (tensor.name, (dimensions: tensor.dimensions, floats: try tensor.floats ?? floats(at: tensor.place)))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private func floats(at place: [String: String]) throws -> [Float] {
        let bytes = try Data(contentsOf: folder.appending(path: place["location"] ?? ""))
        let (offset, length) = (Int(place["offset"] ?? "") ?? -1, Int(place["length"] ?? "") ?? -1)
        return bytes[offset..<offset + length].withUnsafeBytes { floats($0) }
    }

    private func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
    }

    var metadata: [String: String] { entries(model.metadata_props, model.n_metadata_props) }
    var inputs: [String: [String]] { shapes(graph.input, graph.n_input) }
    var outputs: [String: [String]] { shapes(graph.output, graph.n_output) }
    var operatorSets: [Int64] { list(model.opset_import, model.n_opset_import).map(\.version) }

    /// Extents as text; a free one by its name.
    private func shapes(
        _ infos: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__ValueInfoProto>?>?, _ count: Int
    ) -> [String: [String]] {
        let pairs = list(infos, count).map { info in
            let shape = info.type.pointee.tensor_type.pointee.shape.pointee
            let extents = list(shape.dim, shape.n_dim).map {
                $0.value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                    ? String(cString: $0.dim_param) : "\($0.dim_value)"
            }
            return (String(cString: info.name), extents)
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private func text(of attribute: Onnx__AttributeProto) -> String {
        switch attribute.type {
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT: "\(attribute.f)"
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT: "\(attribute.i)"
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
            "\(Array(UnsafeBufferPointer(start: attribute.ints, count: attribute.n_ints)))"
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
            String(decoding: UnsafeBufferPointer(start: attribute.s.data, count: attribute.s.len), as: UTF8.self)
        default: "unknown"
        }
    }

    private func entries(
        _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__StringStringEntryProto>?>?, _ count: Int
    ) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: list(entries, count).map { (String(cString: $0.key), String(cString: $0.value)) })
    }

    private func list<Body>(
        _ bodies: UnsafeMutablePointer<UnsafeMutablePointer<Body>?>?, _ count: Int
    ) -> [Body] {
        UnsafeBufferPointer(start: bodies, count: count).map { $0!.pointee }
    }

    private func strings(_ strings: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int) -> [String] {
        UnsafeBufferPointer(start: strings, count: count).map { String(cString: $0!) }
    }
}
