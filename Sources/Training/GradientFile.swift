import AttentionUNet
import Checkpoints
import Parameters
import TensorCore

/// Loss and gradients of one batch, from file to file: how other programs check this one.
public struct GradientFile {
    public var inference = false
    public var factored = false
    public var numerics = NumericsSettings()

    public init() {}

    /// Reads parameters and a batch (`images` (n, h, w, 3) float32, `labels` (n) int32) and writes `loss`,
    /// `probabilities` and, in training mode, which is without dropout here, the gradient of each trainable parameter
    /// of the mean loss, and each batch norm's `batch/<norm>.mean` and `.variance`.
    public func write(to path: String, parameters parameterPath: String, batch batchPath: String) throws {
        let batchFile = try SafetensorsFile(path: batchPath)
        let shape = batchFile.entry(named: "images")?.shape ?? []
        guard shape.count == 4, shape[3] == 3, shape[0] > 0 else {
            throw CheckpointError(
                .mismatch, batchPath, "it needs a tensor \"images\" of shape (n, h, w, 3), not \(shape)")
        }
        let labels: [Int32] = try batchFile.array(of: "labels")
        let images: [Float] = try batchFile.array(of: "images")
        let parameterFile = try SafetensorsFile(path: parameterPath)
        var model = try ModelSettings(parametersOf: parameterFile, height: shape[1], width: shape[2])
        model.dropout = 0
        guard labels.count == shape[0], labels.allSatisfy({ (0..<Int32(model.classes)).contains($0) }) else {
            throw CheckpointError(
                .mismatch, batchPath, "it needs \(shape[0]) \"labels\", each from 0 to \(model.classes - 1)")
        }
        let network = Network.attentionUNet(model)
        let values = try network.parameterLayout.read(parameterFile)
        let computation = try LaneComputation(network: network, numerics: numerics)
        try images.withUnsafeBufferPointer { images in
            try labels.withUnsafeBufferPointer { labels in
                let batch = ShardInput(
                    samples: shape[0], images: images.baseAddress!, labels: labels.baseAddress!,
                    stepSamples: shape[0], dropout: nil)
                let output =
                    try inference
                    ? score(batch, computation, values) : differentiate(batch, computation, values)
                try output.write(to: path)
            }
        }
    }

    private func score(_ batch: ShardInput, _ computation: LaneComputation, _ parameters: FloatBuffer) throws -> Output
    {
        let plan = try computation.plan(samples: batch.samples, mode: .inference)
        plan.load(parameters.base, version: 0)
        plan.forward(images: batch.images)
        return Output(plan, batch)
    }

    private func differentiate(
        _ batch: ShardInput, _ computation: LaneComputation, _ parameters: FloatBuffer
    ) throws -> Output {
        let layout = computation.layout
        let gradients = FloatBuffer(count: layout.gradientCount)
        let (_, factors) = try computation.train(
            batch, parameters: parameters.base, version: 0, gradients: gradients.base)
        var output = Output(try computation.plan(samples: batch.samples, mode: .training), batch)
        for parameter in layout.parameters {
            switch parameter.role {
            case .trainable:
                output.add(parameter.name, parameter.shape, UnsafeBufferPointer(gradients.floats(of: parameter)))
            case .statistic:
                let name = parameter.name.replacing(".moving_", with: ".")
                output.add("batch/\(name)", parameter.shape, UnsafeBufferPointer(gradients.floats(of: parameter)))
            case .factored:
                if factored {
                    output.add("\(parameter.name)/x", [batch.samples, parameter.shape[0]], factors.x)
                    output.add("\(parameter.name)/d", [batch.samples, parameter.shape[1]], factors.d)
                } else {
                    let product = computation.product(of: factors, samples: batch.samples, parameter)
                    output.add(parameter.name, parameter.shape, UnsafeBufferPointer(product.floats))
                }
            }
        }
        return output
    }

    /// The tensors of the result.
    private struct Output {
        private var tensors: [(entry: TensorEntry, values: [Float])] = []

        init(_ plan: Plan, _ batch: ShardInput) {
            let probabilities = plan.probabilities
            add("loss", [1], [Float(plan.lossSum(labels: batch.labels) / Double(batch.samples))])
            add("probabilities", [batch.samples, probabilities.count / batch.samples], probabilities)
        }

        mutating func add(_ name: String, _ shape: [Int], _ values: some Sequence<Float>) {
            tensors.append((TensorEntry(name: name, shape: shape), Array(values)))
        }

        func write(to path: String) throws {
            let values = Dictionary(uniqueKeysWithValues: tensors.map { ($0.entry.name, $0.values) })
            try SafetensorsWriter.write(to: path, tensors: tensors.map(\.entry)) { tensor, sink in
                try values[tensor.name]!.withUnsafeBytes { try sink($0) }
            }
        }
    }
}
