import AttentionUNet
import Coordination
import Optimization
import ParameterServing
import Parameters
import TensorCore
import Training
import TrainingData
import Transport

/// Loss and gradients of one batch as a cluster has them: a coordinator with its parameter server and one local worker
/// take one step, and the gradient is what the parameters have changed by.
public struct ClusterGradient {
    public var densePlacement = DensePlacement.server
    public var numerics = NumericsSettings()

    public init() {}

    /// So great that beside the step nothing is left of the parameters, and a power of two, so that nothing of the
    /// gradient is lost.
    private static let learningRate: Float = 0x1p20

    /// Reads and writes the files of `GradientFile`; probabilities are not among what a worker tells.
    public func write(to path: String, parameters parameterPath: String, batch batchPath: String) throws {
        let input = try GradientInput(parameters: parameterPath, batch: batchPath)
        let layout = Network.attentionUNet(input.model).parameterLayout
        var configuration = Preset.quick.configuration
        configuration.model = input.model
        configuration.numerics = numerics
        configuration.densePlacement = densePlacement
        configuration.optimizer = .init(learningRate: Self.learningRate)
        (configuration.shardSize, configuration.shardsPerStep) = (input.labels.count, 1)
        let tensors = ShardTensors(images: input.images, labels: input.labels)
        let (result, after) = try Cluster.use(
            .local(1), configuration, layout, totalSteps: 1, from: ParameterSource(start(input, layout)),
            load: { _, _ in tensors },
            { cluster in
                try cluster.wait(forWorkers: 1, servers: 0)
                let samples = input.labels.indices.map(UInt32.init)
                let results = try cluster.train(step: 0, shards: [samples], next: nil, epoch: 0)
                return (results[0], try cluster.snapshot(withVelocity: false))
            })
        var output = GradientOutput(lossSum: result.lossSum, samples: result.samples)
        for parameter in layout.parameters { try add(parameter, input.parameters, after, to: &output) }
        try output.write(to: path)
    }

    /// Training does not read moving statistics; from zero, they become a share of the batch's.
    private func start(_ input: GradientInput, _ layout: ParameterLayout) -> FloatBuffer {
        let start = FloatFrame(input.parameters).copy()
        for parameter in layout.parameters where parameter.role == .statistic {
            start.floats(of: parameter).update(repeating: 0)
        }
        return start
    }

    private func add(
        _ parameter: Parameter, _ before: FloatBuffer, _ after: ParameterSnapshot, to output: inout GradientOutput
    ) throws {
        var new: [Float] = []
        try after.read(parameter.range, ofVelocity: false) { new += $0 }
        if parameter.role == .statistic {
            let share = 1 - ParameterUpdate.statisticMomentum
            output.add(GradientOutput.batchName(parameter), parameter.shape, new.map { $0 / share })
        } else {
            let pairs = zip(before.floats(of: parameter), new)
            output.add(parameter.name, parameter.shape, pairs.map { ($0 - $1) / Self.learningRate })
        }
        withExtendedLifetime(before) {}
    }
}
