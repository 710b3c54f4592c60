import Checkpoints
import Parameters
import TensorCore

/// A model's parameters to compute with. The factored kernel, nearly all of a large model, stays in its file, whose
/// pages the system loads as they are read and may take back.
public struct ModelParameters: Sendable {
    /// In the network's layout, perhaps up to the factored kernel only.
    private let floats: FloatBuffer
    private let mapped: MappedTensor?

    /// All of them in memory, in the network's layout.
    public init(_ floats: FloatBuffer) {
        self.floats = floats
        mapped = nil
    }

    /// Those of a file, each checked for its shape.
    public init(_ file: SafetensorsFile, _ layout: ParameterLayout) throws {
        mapped = try layout.factored.flatMap { try file.tensorInPlace($0.name) }
        floats = FloatBuffer(count: mapped == nil ? layout.count : layout.gradientCount)
        try layout.read(file, into: floats)
    }

    /// Valid for as long as this value is kept.
    package var base: UnsafePointer<Float> { UnsafePointer(floats.base) }
    /// nil where the kernel lies behind the other parameters.
    package var factoredKernel: UnsafePointer<Float>? { mapped?.floats.baseAddress }
}
