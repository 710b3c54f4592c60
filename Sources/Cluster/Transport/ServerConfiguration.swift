import AttentionUNet
import Optimization
import Training

/// What a parameter server must know beside its part of the parameters.
package struct ServerConfiguration: Codable, Hashable, Sendable {
    package let model: ModelSettings
    package let optimizer: SGD
    package let totalSteps: UInt64
    package let shardsPerStep: Int
    package let shardSize: Int
    package let densePlacement: DensePlacement
    package let gradientPrecision: GradientPrecision?
    /// Workers and coordinator are processes of this machine, and read each other's memory.
    package let sharesMemory: Bool

    package init(
        model: ModelSettings, optimizer: SGD, totalSteps: UInt64, shardsPerStep: Int, shardSize: Int,
        densePlacement: DensePlacement, gradientPrecision: GradientPrecision?, sharesMemory: Bool
    ) {
        (
            self.model, self.optimizer, self.totalSteps, self.shardsPerStep, self.shardSize, self.densePlacement,
            self.gradientPrecision, self.sharesMemory
        ) = (model, optimizer, totalSteps, shardsPerStep, shardSize, densePlacement, gradientPrecision, sharesMemory)
    }
}
