import Checkpoints
import Foundation
import Logging
import ParameterServing
import Parameters
import Programs
import Training
import TrainingData

/// Where a run begins: at its initial parameters, or at a checkpoint.
struct StartingPoint: Sendable {
    let source: ParameterSource
    /// Of the epoch in which the checkpoint was written.
    let progress: EpochProgress

    /// The start of a new run: with the parameters that it was given and keeps in `path`, or else with drawn ones.
    init(_ configuration: RunConfiguration, _ layout: ParameterLayout, initialParameters path: String) throws {
        if let digest = configuration.initialParameters {
            let file = try SafetensorsFile(path: path)
            guard try ParameterDigest.digest(of: file) == digest else {
                throw RunFailure(
                    .badData, "\(path): does not hold what the run began with; restore it, or start another run")
            }
            source = try ParameterSource(initial: file, layout: layout)
        } else {
            source = ParameterSource(initial: layout, seed: configuration.seed)
        }
        progress = EpochProgress()
    }

    /// The newest good checkpoint; nil if there is none. Damaged ones are passed over, and named.
    init?(newestIn folder: CheckpointFolder, _ layout: ParameterLayout, log: Logger) throws {
        let (newest, refused) = try folder.newest()
        for error in refused { log.warning("passed over: \(error)") }
        guard let file = newest else { return nil }
        guard let step = file.metadata["step"].flatMap({ UInt64($0) }), let text = file.metadata["progress"],
            let progress = try? JSONDecoder().decode(EpochProgress.self, from: Data(text.utf8))
        else { throw RunFailure(.badData, "\(file.path): has no cursor; it is not a checkpoint of a run") }
        source = try ParameterSource(file, layout: layout, version: step)
        self.progress = progress
    }
}
