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

    /// Reads what a `GradientInput` has and writes `loss`, `probabilities` and, in training mode, which is without
    /// dropout here, the gradient of each trainable parameter of the mean loss, and each batch norm's
    /// `batch/<norm>.mean` and `.variance`.
    public func write(to path: String, parameters parameterPath: String, batch batchPath: String) throws {
        let input = try GradientInput(parameters: parameterPath, batch: batchPath)
        let computation = try LaneComputation(network: .attentionUNet(input.model), numerics: numerics)
        try input.labels.withUnsafeBufferPointer { labels in
            let batch = ShardInput(
                samples: input.labels.count, images: input.images.base, labels: labels.baseAddress!,
                stepSamples: input.labels.count, dropout: nil)
            let output =
                try inference
                ? score(batch, computation, input.parameters) : differentiate(batch, computation, input.parameters)
            try output.write(to: path)
        }
    }

    private func score(
        _ batch: ShardInput, _ computation: LaneComputation, _ parameters: FloatBuffer
    ) throws -> GradientOutput {
        let plan = computation.plan(samples: batch.samples, mode: .inference)
        plan.load(parameters.base)
        plan.forward(images: batch.images)
        return GradientOutput(plan, batch)
    }

    private func differentiate(
        _ batch: ShardInput, _ computation: LaneComputation, _ parameters: FloatBuffer
    ) throws -> GradientOutput {
        let layout = computation.layout
        let gradients = FloatBuffer(count: layout.gradientCount)
        let (_, factors) = try computation.train(
            batch, parameters: parameters.base, gradients: gradients.base)
        var output = GradientOutput(computation.plan(samples: batch.samples, mode: .training), batch)
        for parameter in layout.parameters {
            switch parameter.role {
            case .trainable:
                output.add(parameter.name, parameter.shape, UnsafeBufferPointer(gradients.floats(of: parameter)))
            case .statistic:
                output.add(
                    GradientOutput.batchName(parameter), parameter.shape,
                    UnsafeBufferPointer(gradients.floats(of: parameter)))
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
}

/// A batch with its labels, and the parameters to differentiate at.
public struct GradientInput {
    /// Without dropout.
    public let model: ModelSettings
    /// In the layout of the model's network.
    public let parameters: FloatBuffer
    /// `[n, h, w, 3]`.
    public let images: FloatBuffer
    public let labels: [Int32]

    /// Reads parameters by the names of a checkpoint, and a batch: `images` (n, h, w, 3) float32, `labels` (n) int32.
    public init(parameters parameterPath: String, batch batchPath: String) throws {
        let batchFile = try SafetensorsFile(path: batchPath)
        let shape = batchFile.entry(named: "images")?.shape ?? []
        guard shape.count == 4, shape[3] == 3, shape[0] > 0 else {
            throw CheckpointError(
                .mismatch, batchPath, "it needs a tensor \"images\" of shape (n, h, w, 3), not \(shape)")
        }
        labels = try batchFile.array(of: "labels")
        images = FloatBuffer(count: shape.reduce(1, *))
        try batchFile.copy("images", into: images.floats)
        let parameterFile = try SafetensorsFile(path: parameterPath)
        var model = try ModelSettings(parametersOf: parameterFile, height: shape[1], width: shape[2])
        model.dropout = 0
        guard labels.count == shape[0], labels.allSatisfy({ (0..<Int32(model.classes)).contains($0) }) else {
            throw CheckpointError(
                .mismatch, batchPath, "it needs \(shape[0]) \"labels\", each from 0 to \(model.classes - 1)")
        }
        self.model = model
        try parameterFile.checkFinite()
        parameters = try Network.attentionUNet(model).parameterLayout.read(parameterFile)
    }
}

/// The tensors of a gradient's file.
public struct GradientOutput {
    private var tensors: [(entry: TensorEntry, values: [Float])] = []

    public init(lossSum: Double, samples: Int) { add("loss", [1], [Float(lossSum / Double(samples))]) }

    init(_ plan: Plan, _ batch: ShardInput) {
        self.init(lossSum: plan.lossSum(labels: batch.labels), samples: batch.samples)
        let probabilities = plan.probabilities
        add("probabilities", [batch.samples, probabilities.count / batch.samples], probabilities)
    }

    /// The name of a batch's own statistic, which a moving one follows.
    public static func batchName(_ statistic: Parameter) -> String {
        "batch/" + statistic.name.replacing(".moving_", with: ".")
    }

    public mutating func add(_ name: String, _ shape: [Int], _ values: some Sequence<Float>) {
        tensors.append((TensorEntry(name: name, shape: shape), Array(values)))
    }

    public func write(to path: String) throws {
        let values = Dictionary(uniqueKeysWithValues: tensors.map { ($0.entry.name, $0.values) })
        try SafetensorsWriter.write(to: path, tensors: tensors.map(\.entry)) { tensor, sink in
            try values[tensor.name]!.withUnsafeBytes { try sink($0) }
        }
    }
}
