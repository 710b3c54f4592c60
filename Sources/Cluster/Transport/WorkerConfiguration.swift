import AttentionUNet
import Training

/// What the coordinator sends to every worker: all that decides a shard's bits beside its own inputs.
package struct WorkerConfiguration: Codable, Hashable, Sendable {
    package let seed: UInt64
    package let model: ModelSettings
    package let numerics: NumericsSettings
    /// Coordinator and workers are processes of this machine, and read each other's memory.
    package let sharesMemory: Bool
    package let densePlacement: DensePlacement

    package init(
        seed: UInt64, model: ModelSettings, numerics: NumericsSettings, sharesMemory: Bool,
        densePlacement: DensePlacement
    ) {
        (self.seed, self.model, self.numerics, self.sharesMemory, self.densePlacement) = (
            seed, model, numerics, sharesMemory, densePlacement
        )
    }
}
