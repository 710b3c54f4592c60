import Checkpoints
import Files
import TensorCore
import Training

/// A trained network in ONNX (https://onnx.ai), which other programs compute: `images` `[N, height, width, 3]`, scaled
/// to -1...1, become `probabilities` `[N, classes]`, for any N.
public struct ONNXModel {
    /// Of the standard operators.
    public static let operatorSet = 17
    /// Parameters beyond so many bytes lie in a file of their own, for a protobuf message has less than 2 GiB, and must
    /// be in memory as a whole.
    public static let embeddedByteCount = 1 << 30

    let graph: Graph
    let tensors: [ParameterTensor]
    let file: SafetensorsFile
    let inputShape: Shape
    let classes: Int
    let metadata: [(key: String, value: String)]

    /// The network with a file's parameters. Throws if they are another model's.
    public init(
        _ network: Network, parameters file: SafetensorsFile, metadata: KeyValuePairs<String, String> = [:]
    ) throws {
        let layout = network.parameterLayout
        try layout.check(file)
        graph = Graph(network)
        tensors = layout.parameters.map(ParameterTensor.init)
        self.file = file
        inputShape = network.shape(of: network.input)
        classes = network.classes
        self.metadata = metadata.map { ($0.key, $0.value) }
    }

    /// Where the parameters of a large model lie, beside the file of the model.
    public static func dataPath(of path: String) -> String { path + ".data" }

    /// Writes the model, its parameters in it if they have at most `limit` bytes, and returns the files that were
    /// written. Files of these names are replaced.
    @discardableResult
    public func write(to path: String, embeddingAtMost limit: Int = embeddedByteCount) throws -> [String] {
        var model = try AtomicFile(path: path)
        guard tensors.reduce(0, { $0 + $1.byteCount }) > limit else {
            try model.write(encoded(placement: nil))
            try model.commit()
            return [path]
        }
        let dataPath = Self.dataPath(of: path)
        let placement = DataPlacement(tensors, path: dataPath)
        try model.write(encoded(placement: placement))
        try writeData(placement, to: dataPath)
        try model.commit()
        return [path, dataPath]
    }

    private func writeData(_ placement: DataPlacement, to path: String) throws {
        var data = try AtomicFile(path: path)
        var end = 0
        for (tensor, offset) in zip(tensors, placement.offsets) {
            try data.write([UInt8](repeating: 0, count: offset - end))
            try tensor.read(from: file) { try data.write($0) }
            end = offset + tensor.byteCount
        }
        try data.commit()
    }
}

/// Where tensors lie in a file of their own.
struct DataPlacement {
    /// As the model, which lies in the same folder, calls the file.
    let fileName: String
    /// In bytes, on pages of their own, so that other programs can map them.
    let offsets: [Int]

    private static let pageByteCount = 4096

    init(_ tensors: [ParameterTensor], path: String) {
        fileName = path.split(separator: "/").last.map(String.init) ?? path
        var end = 0
        offsets = tensors.map { tensor in
            defer { end = (end + tensor.byteCount + Self.pageByteCount - 1) / Self.pageByteCount * Self.pageByteCount }
            return end
        }
    }
}
