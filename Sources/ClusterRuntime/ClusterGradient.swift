import AttentionUNet
import Foundation
import Logging
import Messages
import Optimization
import Parameters
import TensorCore
import Training

/// Loss and gradients of one batch as a cluster has them: a coordinator with its parameter server and one local worker take
/// one step, and the gradient is what the parameters have changed by.
public struct ClusterGradient {
    public var densePlacement = DensePlacement.server
    public var numerics = NumericsSettings()

    public init() {}

    /// So great that beside the step nothing is left of the parameters, and a power of two, so that nothing of the gradient
    /// is lost.
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
        var log = Wire.logger("gradient")
        log.logLevel = .error
        let tensors = ShardTensors(images: input.images, labels: input.labels)
        let cluster = try Cluster(
            gathering: .local(1), configuration: configuration, layout: layout, totalSteps: 1, trust: TrustSettings(),
            load: { _, _ in tensors }, interruption: Interruption(secondTime: .interrupted, "interrupted twice"),
            log: log)
        do {
            let (result, after) = try takeStep(on: cluster, input)
            try cluster.end(reason: "the gradient is there")
            var output = GradientOutput(lossSum: result.lossSum, samples: result.samples)
            for parameter in layout.parameters { try add(parameter, input.parameters, after, to: &output) }
            try output.write(to: path)
        } catch {
            try? cluster.end(reason: "the gradient failed")
            throw error
        }
    }

    private func takeStep(
        on cluster: Cluster, _ input: GradientInput
    ) throws -> (Header.TrainingResult, ParameterSnapshot) {
        let before = FloatFrame(input.parameters).copy()
        // Training does not read moving statistics; from zero, they become a share of the batch's.
        let layout = Network.attentionUNet(input.model).parameterLayout
        for parameter in layout.parameters where parameter.role == .statistic {
            before.floats(of: parameter).update(repeating: 0)
        }
        try cluster.place(ParameterSource(before))
        try cluster.wait(forWorkers: 1, servers: 0)
        let samples = input.labels.indices.map(UInt32.init)
        let results = try cluster.train(step: 0, shards: [samples], next: nil, epoch: 0)
        return (results[0], try cluster.snapshot(withVelocity: false))
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
