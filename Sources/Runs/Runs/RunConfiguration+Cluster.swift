import Coordination
import TrainingData

extension RunConfiguration {
    /// What the cluster must know that trains the run.
    package func ofCluster(totalSteps: UInt64) -> ClusterConfiguration {
        ClusterConfiguration(
            seed: seed, model: model, numerics: numerics, optimizer: optimizer, densePlacement: densePlacement,
            totalSteps: totalSteps, shardsPerStep: shardsPerStep, shardSize: shardSize)
    }
}
