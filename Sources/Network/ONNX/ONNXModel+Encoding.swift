internal import CONNX
import Checkpoints
import Protobuf

extension ONNXModel {
    /// The first version of the format that has the operator set.
    private static let formatVersion = 8

    /// The bytes of a ModelProto. The parameters are in it, or else are said to lie elsewhere.
    func encoded(placement: DataPlacement?) throws -> [UInt8] {
        let store = EncodingStore()
        let parameters = try tensors.enumerated().map { index, tensor in
            if let placement { return store.tensor(tensor, at: placement.offsets[index], in: placement.fileName) }
            return try store.tensor(tensor, from: file)
        }
        let model = store.make(onnx__model_proto__init) { model in
            (model.has_ir_version, model.ir_version) = (1, Int64(Self.formatVersion))
            (model.opset_import, model.n_opset_import) = store.list([
                store.make(onnx__operator_set_id_proto__init) {
                    ($0.has_version, $0.version) = (1, Int64(Self.operatorSet))
                }
            ])
            model.producer_name = store.string("HeartBeatNet")
            (model.metadata_props, model.n_metadata_props) = store.list(metadata.map(store.entry))
            model.graph = store.make(onnx__graph_proto__init) { graph in
                graph.name = store.string("attention U-Net")
                (graph.node, graph.n_node) = store.list(self.graph.nodes.map(store.node))
                (graph.initializer, graph.n_initializer) = store.list(
                    self.graph.constants.map(store.constant) + parameters)
                let (height, width, channels) = (inputShape.height, inputShape.width, inputShape.channels)
                (graph.input, graph.n_input) = store.list([store.batch(Graph.input, of: [height, width, channels])])
                (graph.output, graph.n_output) = store.list([store.batch(Graph.output, of: [classes])])
            }
        }
        return store.packed(model, size: onnx__model_proto__get_packed_size, pack: onnx__model_proto__pack)
    }
}

extension EncodingStore {
    fileprivate func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        let (data, count) = numbers(bytes)
        return ProtobufCBinaryData(len: count, data: data)
    }

    fileprivate func entry(_ key: String, _ value: String) -> UnsafeMutablePointer<Onnx__StringStringEntryProto> {
        make(onnx__string_string_entry_proto__init) {
            $0.key = string(key)
            $0.value = string(value)
        }
    }

    fileprivate func node(_ node: Graph.Node) -> UnsafeMutablePointer<Onnx__NodeProto> {
        make(onnx__node_proto__init) {
            $0.name = string(node.name)
            $0.op_type = string(node.operation)
            ($0.input, $0.n_input) = list(node.inputs.map(string))
            ($0.output, $0.n_output) = list([string(node.name)])
            ($0.attribute, $0.n_attribute) = list(node.attributes.map(attribute))
        }
    }

    private func attribute(
        _ name: String, _ attribute: Graph.Attribute
    ) -> UnsafeMutablePointer<Onnx__AttributeProto> {
        make(onnx__attribute_proto__init) {
            $0.name = string(name)
            $0.has_type = 1
            switch attribute {
            case .float(let number):
                $0.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
                ($0.has_f, $0.f) = (1, number)
            case .integer(let number):
                $0.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
                ($0.has_i, $0.i) = (1, Int64(number))
            case .integers(let list):
                $0.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
                ($0.ints, $0.n_ints) = numbers(list.map(Int64.init))
            case .string(let text):
                $0.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
                ($0.has_s, $0.s) = (1, bytes(Array(text.utf8)))
            }
        }
    }

    private func tensor(
        _ name: String, _ dimensions: [Int], _ place: (inout Onnx__TensorProto) throws -> Void
    ) rethrows -> UnsafeMutablePointer<Onnx__TensorProto> {
        let tensor = make(onnx__tensor_proto__init) {
            $0.name = string(name)
            ($0.has_data_type, $0.data_type) = (1, Int32(ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT.rawValue))
            ($0.dims, $0.n_dims) = numbers(dimensions.map(Int64.init))
        }
        try place(&tensor.pointee)
        return tensor
    }

    fileprivate func constant(_ name: String, _ values: [Float]) -> UnsafeMutablePointer<Onnx__TensorProto> {
        tensor(name, [values.count]) { ($0.has_raw_data, $0.raw_data) = (1, bytes(values.withUnsafeBytes(Array.init))) }
    }

    /// With its bytes.
    fileprivate func tensor(
        _ parameter: ParameterTensor, from file: SafetensorsFile
    ) throws -> UnsafeMutablePointer<Onnx__TensorProto> {
        try tensor(parameter.name, parameter.dimensions) {
            let bytes: UnsafeMutablePointer<UInt8> = allocate(parameter.byteCount)
            var rest = UnsafeMutableRawBufferPointer(start: bytes, count: parameter.byteCount)[...]
            try parameter.read(from: file) { block in
                UnsafeMutableRawBufferPointer(rebasing: rest).copyMemory(from: block)
                rest = rest.dropFirst(block.count)
            }
            ($0.has_raw_data, $0.raw_data) = (1, ProtobufCBinaryData(len: parameter.byteCount, data: bytes))
        }
    }

    /// With the place of its bytes in another file.
    fileprivate func tensor(
        _ parameter: ParameterTensor, at offset: Int, in fileName: String
    ) -> UnsafeMutablePointer<Onnx__TensorProto> {
        tensor(parameter.name, parameter.dimensions) {
            ($0.has_data_location, $0.data_location) = (1, ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
            ($0.external_data, $0.n_external_data) = list([
                entry("location", fileName), entry("offset", "\(offset)"), entry("length", "\(parameter.byteCount)"),
            ])
        }
    }

    /// A float tensor whose first extent, that of the batch, is free.
    fileprivate func batch(_ name: String, of shape: [Int]) -> UnsafeMutablePointer<Onnx__ValueInfoProto> {
        let batch = make(onnx__tensor_shape_proto__dimension__init) {
            $0.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
            $0.dim_param = string("N")
        }
        let extents = shape.map { extent in
            make(onnx__tensor_shape_proto__dimension__init) {
                $0.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
                $0.dim_value = Int64(extent)
            }
        }
        return make(onnx__value_info_proto__init) {
            $0.name = string(name)
            $0.type = make(onnx__type_proto__init) {
                $0.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
                $0.tensor_type = make(onnx__type_proto__tensor__init) {
                    ($0.has_elem_type, $0.elem_type) = (1, Int32(ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT.rawValue))
                    $0.shape = make(onnx__tensor_shape_proto__init) {
                        ($0.dim, $0.n_dim) = list([batch] + extents)
                    }
                }
            }
        }
    }
}
