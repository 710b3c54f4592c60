import AttentionUNet
import Optimization
import Training
import Transport

/// What a cluster must know of a training.
package struct ClusterConfiguration: Sendable {
    let seed: UInt64
    let model: ModelSettings
    let numerics: NumericsSettings
    let optimizer: SGD
    let densePlacement: DensePlacement
    let totalSteps: UInt64
    let shardsPerStep: Int
    let shardSize: Int

    package init(
        seed: UInt64, model: ModelSettings, numerics: NumericsSettings, optimizer: SGD, densePlacement: DensePlacement,
        totalSteps: UInt64, shardsPerStep: Int, shardSize: Int
    ) {
        (self.seed, self.model, self.numerics, self.optimizer) = (seed, model, numerics, optimizer)
        (self.densePlacement, self.totalSteps) = (densePlacement, totalSteps)
        (self.shardsPerStep, self.shardSize) = (shardsPerStep, shardSize)
    }

    /// What every worker is told.
    func ofWorkers(sharingMemory: Bool) -> WorkerConfiguration {
        WorkerConfiguration(
            seed: seed, model: model, numerics: numerics, sharesMemory: sharingMemory, densePlacement: densePlacement)
    }

    /// What every parameter server is told.
    func ofServers(sharingMemory: Bool) -> ServerConfiguration {
        ServerConfiguration(
            model: model, optimizer: optimizer, totalSteps: totalSteps, shardsPerStep: shardsPerStep,
            shardSize: shardSize, densePlacement: densePlacement, gradientPrecision: numerics.gradientPrecision,
            sharesMemory: sharingMemory)
    }
}
