import ArgumentParser
import Checkpoints
import Files
import Foundation
import Programs

/// Which of a run's parameters are meant.
public enum RunParameters: Hashable, Sendable {
    /// Those after the last step.
    case final
    /// Those of the epoch with the best scores on the validation part.
    case best
    /// Those of a checkpoint.
    case step(Int)

    public static let help: ArgumentHelp =
        "The run's parameters: final, best, or step-N for a checkpoint (default: final, or the newest checkpoint)."
}

extension RunParameters: ExpressibleByArgument {
    public init?(argument: String) {
        switch argument {
        case "final": self = .final
        case "best": self = .best
        default:
            guard argument.hasPrefix("step-"), let step = Int(argument.dropFirst(5)), step >= 0 else { return nil }
            self = .step(step)
        }
    }
}

extension SafetensorsFile {
    /// Parameters of a run, verified: by default the final ones, or those of the newest good checkpoint while it is not
    /// done.
    public init(ofRun folder: String, _ parameters: RunParameters? = nil) throws {
        let run = RunFolder(folder)
        if let parameters {
            try self.init(path: Self.path(of: parameters, in: folder))
            try verify()
            return
        }
        if run.has(.final) {
            try self.init(path: run.path(.final))
            try verify()
            return
        }
        let checkpoints = run.path(.checkpoints)
        guard run.has(.checkpoints) else {
            throw RunFailure(
                .badData, "\(folder): it has neither final.safetensors nor checkpoints; give a run folder or a file")
        }
        let (newest, refused) = try CheckpointFolder(path: checkpoints).newest()
        for error in refused { StandardStreams.printError("passed over: \(error)\n") }
        guard let newest else {
            throw RunFailure(.badData, "\(checkpoints): it holds no good checkpoint; give another run or a file")
        }
        self = newest
    }

    /// Where these parameters of a run are. Throws if it does not have them.
    private static func path(of parameters: RunParameters, in folder: String) throws -> String {
        let run = RunFolder(folder)
        let (path, why) =
            switch parameters {
            case .final: (run.path(.final), "the run is not done; go on with it by --resume")
            case .best: (run.path(.best), "no epoch was scored on a validation part")
            case .step(let step):
                (
                    "\(run.path(.checkpoints))/\(CheckpointFolder.name(forStep: step))",
                    "it is not among the checkpoints kept"
                )
            }
        guard FileManager.default.fileExists(atPath: path) else {
            throw RunFailure(.badData, "\(path): is not there, for \(why); there are \(choices(in: folder))")
        }
        return path
    }

    /// What --parameters could name in a run's folder.
    private static func choices(in folder: String) -> String {
        let run = RunFolder(folder)
        let files = [("final", RunFile.final), ("best", .best)].filter { run.has($0.1) }.map(\.0)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: run.path(.checkpoints))) ?? []
        let steps = names.compactMap(CheckpointFolder.step(in:)).sorted().map { "step-\($0)" }
        return (files + steps).isEmpty ? "no others" : (files + steps).joined(separator: ", ")
    }
}
