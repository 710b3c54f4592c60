import AttentionUNet
import Checkpoints
import Parameters
import TensorCore

extension ParameterLayout {
    /// The tensors of a model's file, in the layout's order.
    public var entries: [TensorEntry] {
        parameters.map { TensorEntry(name: $0.name, shape: $0.shape) }
    }

    /// Those and, behind them, the momentum's velocity, which statistics have none of.
    public var entriesWithVelocity: [TensorEntry] {
        entries
            + parameters.filter { $0.role != .statistic }.map {
                TensorEntry(name: ParameterDigest.momentumPrefix + $0.name, shape: $0.shape)
            }
    }

    /// Copies all parameters out of a file, each checked for its shape. Tensors that are no parameters are passed over.
    public func read(_ file: SafetensorsFile) throws -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        try read(file, into: buffer)
        return buffer
    }

    /// The buffer may end before the factored tensor: then that is checked, not copied.
    public func read(_ file: SafetensorsFile, into buffer: FloatBuffer) throws {
        precondition([count, gradientCount].contains(buffer.count), "\(buffer.count) floats for \(count) parameters")
        try check(file)
        try read(file, from: 0, into: buffer.floats)
    }

    /// Throws if the file lacks a parameter, or has it in another shape or type: it belongs to another model.
    public func check(_ file: SafetensorsFile) throws {
        for needed in entries {
            guard let entry = file.entry(named: needed.name) else {
                throw CheckpointError(
                    .mismatch, file.path, "it has no tensor \"\(needed.name)\"; it belongs to another model")
            }
            guard entry == needed else {
                throw CheckpointError(
                    .mismatch, file.path,
                    "tensor \"\(entry.name)\" has type \(entry.dataType.rawValue) and shape \(entry.shape), the model needs "
                        + "\(needed.dataType.rawValue) and \(needed.shape)")
            }
        }
    }

    /// Copies a part of the parameters, or of the momentum's velocity: that from the float `first` on. Statistics have
    /// no velocity: at their places there is zero.
    public func read(
        _ file: SafetensorsFile, ofVelocity: Bool = false, from first: Int,
        into part: UnsafeMutableBufferPointer<Float>
    ) throws {
        for (index, elements, floats) in pieces(of: part, from: first) {
            if ofVelocity && parameters[index].role == .statistic {
                floats.update(repeating: 0)
            } else {
                let name = (ofVelocity ? ParameterDigest.momentumPrefix : "") + parameters[index].name
                try file.copy(name, range: elements, into: floats)
            }
        }
    }
}

/// The files of a run's parameters: checkpoints, best and final.
public enum ModelFile {
    /// Writes parameters, and the momentum's velocity if there is one. `pieces` gives the floats of a range of the
    /// layout's buffer, of the parameters or of the velocity, one piece behind the other; it is asked for one range
    /// behind the other, first of the parameters, then of the velocity.
    public static func write(
        to path: String, layout: ParameterLayout, withVelocity: Bool, metadata: [String: String],
        pieces: (
            _ range: Range<Int>, _ velocity: Bool, _ sink: (UnsafeBufferPointer<Float>) throws -> Void
        ) throws -> Void
    ) throws {
        let tensors = withVelocity ? layout.entriesWithVelocity : layout.entries
        try SafetensorsWriter.write(to: path, tensors: tensors, metadata: metadata) { tensor, sink in
            let isMomentum = tensor.name.hasPrefix(ParameterDigest.momentumPrefix)
            let name = isMomentum ? String(tensor.name.dropFirst(ParameterDigest.momentumPrefix.count)) : tensor.name
            try withoutActuallyEscaping(sink) { sink in
                try pieces(layout[name]!.range, isMomentum) { try sink(UnsafeRawBufferPointer($0)) }
            }
        }
    }
}

extension ModelSettings {
    /// The model that a file's parameters belong to, for images of this size.
    public init(parametersOf file: SafetensorsFile, height: Int, width: Int) throws {
        func shape(_ name: String) throws -> [Int] {
            guard let entry = file.entry(named: name) else {
                throw CheckpointError(
                    .mismatch, file.path, "it has no tensor \"\(name)\"; it is not an attention U-Net")
            }
            return entry.shape
        }
        self.init()
        self.height = height
        self.width = width
        baseFilters = try shape("encoder.1.conv1.bias").first ?? 0
        classes = try shape("head.logits.bias").first ?? 0
        denseWidth = try shape("head.dense1.bias").first ?? 0
        denseLayers = (1...64).last { file.entry(named: "head.dense\($0).kernel") != nil } ?? 0
        if let complaint { throw CheckpointError(.mismatch, file.path, complaint) }
    }
}
