import Checkpoints
import Coordination
import Foundation
import Training

/// What a run that cannot go on says: what happened, what its files hold, and how to go on all the same.
extension TrainingRun {
    func describe(_ failure: ShardFailure) -> String {
        let files = Set(failure.samples.map { dataset.recordings[dataset.samples[Int($0)].recording].name }).sorted()
        let fault = "\(failure.reason) (shard \(failure.shard) on \(failure.worker))"
        let happened =
            switch failure.kind {
            case .train: "step \(failure.step) was not applied: \(fault); "
            case .score:
                "step \(failure.step) was applied, and the training has diverged: scoring after it, \(fault); "
                    + (holder(of: failure.step).map { "\($0) holds these parameters; " } ?? "")
            }
        return happened + wayOn + "; recordings: \(files.joined(separator: ", "))"
    }

    func describe(_ failure: StepFailure) -> String {
        failure.isApplied
            ? "step \(failure.step) was applied, and the training has diverged: \(failure.reason); \(wayOn)"
            : "step \(failure.step) was not applied: \(failure.reason); \(wayOn)"
    }

    func describe(_ divergence: NotFinite) -> String {
        "step \(divergence.step) was applied, and the training has diverged: after it, \(divergence.tensor) holds NaN or infinite "
            + "numbers; these parameters are not written; \(wayOn)"
    }

    /// The checkpoint with the parameters after a step.
    private func holder(of step: UInt64) -> String? {
        writer.finish()
        let path = checkpoints.path(forStep: Int(step))
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// How to train on with smaller steps. The run itself would come to the same end each time.
    private var wayOn: String {
        let state = lastSoundState
        let start = state ?? (configuration.initialParameters == nil ? nil : folder.path(.initial))
        return "--resume would end here again; "
            + (state.map { "go on from \($0), the newest with finite scores\(bestText), in" }
                ?? "no earlier parameters are kept, so begin")
            + " another run with a smaller --learning-rate than \(configuration.optimizer.learningRate): hbn-coordinator --config "
            + folder.path(.configuration) + (start.map { " --initial-parameters \($0)" } ?? "")
            + " --learning-rate RATE --output FOLDER" + gathering.options
    }

    private var best: String { folder.path(.best) }

    private var bestText: String {
        FileManager.default.fileExists(atPath: best) ? " (or from best.safetensors, with the best)" : ""
    }

    /// The newest parameters after which an epoch ended well: its scores are finite.
    private var lastSoundState: String? {
        writer.finish()
        let scored = (try? checkpoints.checkpoints())?.last { $0.step <= Int(course.recordedStep) }?.path
        return [scored, best].compactMap(\.self).first { path in
            (try? SafetensorsFile(path: path)).map { (try? $0.verify()) != nil } ?? false
        }
    }
}
