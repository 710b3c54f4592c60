import Checkpoints
import Foundation
import Logging
import Parameters
import Training

/// Where a run begins: at its initial parameters, or at a checkpoint.
struct StartingPoint {
    let state: ParameterState
    /// Of the epoch in which the checkpoint was written.
    let progress: EpochProgress

    /// The start of a new run. `isShared`: local workers are to read the parameters where they lie.
    init(_ configuration: RunConfiguration, _ layout: ParameterLayout, isShared: Bool) throws {
        let parameters = try Self.buffer(layout, isShared)
        layout.initialize(parameters, seed: configuration.seed)
        state = ParameterState(
            version: 0, parameters: parameters,
            velocity: configuration.optimizer.needsVelocity ? FloatBuffer(count: layout.count) : nil)
        progress = EpochProgress()
    }

    private static func buffer(_ layout: ParameterLayout, _ isShared: Bool) throws -> FloatBuffer {
        isShared ? try .shared(count: layout.count) : FloatBuffer(count: layout.count)
    }

    /// The newest good checkpoint; nil if there is none. Damaged ones are passed over, and named.
    init?(newestIn folder: CheckpointFolder, _ layout: ParameterLayout, isShared: Bool, log: Logger) throws {
        let (newest, refused) = try folder.newest()
        for error in refused { log.warning("passed over: \(error)") }
        guard let file = newest else { return nil }
        guard let step = file.metadata["step"].flatMap({ UInt64($0) }), let text = file.metadata["progress"],
            let progress = try? JSONDecoder().decode(EpochProgress.self, from: Data(text.utf8))
        else { throw RunFailure(.badData, "\(file.path): has no cursor; it is not a checkpoint of a run") }
        let parameters = try Self.buffer(layout, isShared)
        try layout.read(file, into: parameters)
        state = ParameterState(
            version: step, parameters: parameters,
            velocity: try ModelFile.velocity(in: file, layout: layout))
        self.progress = progress
    }
}
