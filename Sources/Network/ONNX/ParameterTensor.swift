import Checkpoints
import Parameters

/// A parameter in the order of axes that ONNX' operators want.
struct ParameterTensor {
    let name: String
    private let shape: [Int]

    init(_ parameter: Parameter) {
        name = parameter.name
        shape = parameter.shape
    }

    /// Kernels of convolutions are turned around: HWIO becomes OIHW, and (h, w, out, in) becomes (in, out, h, w).
    private var isTurned: Bool { shape.count == 4 }

    var dimensions: [Int] { isTurned ? [shape[3], shape[2], shape[0], shape[1]] : shape }
    var byteCount: Int { shape.reduce(MemoryLayout<Float>.size, *) }

    /// Hands the bytes to `sink`, block by block. Only a convolution's kernel is ever held as a whole.
    func read(from file: SafetensorsFile, _ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard isTurned else { return try file.forEachBlock(of: name, sink) }
        let kernel: [Float] = try file.array(of: name)
        let (area, columns, rows) = (shape[0] * shape[1], shape[2], shape[3])
        var turned: [Float] = []
        turned.reserveCapacity(kernel.count)
        for row in 0..<rows {
            for column in 0..<columns {
                for place in 0..<area { turned.append(kernel[(place * columns + column) * rows + row]) }
            }
        }
        try turned.withUnsafeBytes(sink)
    }
}
