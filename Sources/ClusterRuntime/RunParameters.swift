import Checkpoints
import Foundation

extension SafetensorsFile {
    /// The parameters of a run, verified: the final ones, or those of the newest good checkpoint while it is not done.
    public init(ofRun folder: String) throws {
        let final = "\(folder)/final.safetensors"
        if FileManager.default.fileExists(atPath: final) {
            try self.init(path: final)
            try verify()
            return
        }
        let checkpoints = "\(folder)/checkpoints"
        guard FileManager.default.fileExists(atPath: checkpoints) else {
            throw RunFailure(
                .badData, "\(folder): it has neither final.safetensors nor checkpoints; give a run folder or a file")
        }
        let (newest, refused) = try CheckpointFolder(path: checkpoints).newest()
        for error in refused { Wire.sayOnStandardError("passed over: \(error)\n") }
        guard let newest else {
            throw RunFailure(.badData, "\(checkpoints): it holds no good checkpoint; give another run or a file")
        }
        self = newest
    }
}
