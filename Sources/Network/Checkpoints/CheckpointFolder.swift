import Files
import Foundation

/// A folder of checkpoints named `step-NNNNNN.safetensors`, written by one process at a time.
public struct CheckpointFolder: Sendable {
    public struct Checkpoint: Hashable, Sendable {
        public let step: Int
        public let path: String
    }

    public let path: String

    /// Opens the folder, making it if it does not exist.
    public init(path: String) throws(CheckpointError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CheckpointError(.system, path, "it cannot be made a folder; check that its parent can be written to")
        }
    }

    /// Where the checkpoint after `step` steps belongs.
    public func path(forStep step: Int) -> String { "\(path)/\(Self.name(forStep: step))" }

    /// The name of that file.
    public static func name(forStep step: Int) -> String {
        precondition(step >= 0, "step \(step)")
        let digits = String(step)
        return "\(prefix)\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits)\(suffix)"
    }

    /// The checkpoints there are, from the first step to the last, good or not.
    public func checkpoints() throws(CheckpointError) -> [Checkpoint] {
        try names().compactMap { name in Self.step(in: name).map { Checkpoint(step: $0, path: "\(path)/\(name)") } }
            .sorted { $0.step < $1.step }
    }

    /// The last checkpoint that is whole and whose numbers are finite. Later ones that are not were passed over, for
    /// the reasons in `refused`.
    public func newest() throws -> (file: SafetensorsFile?, refused: [CheckpointError]) {
        var refused: [CheckpointError] = []
        for checkpoint in try checkpoints().reversed() {
            do {
                let file = try SafetensorsFile(path: checkpoint.path)
                try file.verify()
                try file.checkFinite()
                return (file, refused)
            } catch let error as CheckpointError {
                refused.append(error)
            }
        }
        return (nil, refused)
    }

    /// Removes all but the `count` last checkpoints, and what writers that were killed have left behind. Call it after
    /// a checkpoint has been written, which is then among those kept.
    public func prune(keeping count: Int) throws(CheckpointError) {
        precondition(count > 0, "prune would remove every checkpoint")
        let leftovers = try names().filter { $0.hasPrefix(Self.prefix) && $0.hasSuffix(AtomicFile.suffix) }
        for path in try checkpoints().dropLast(count).map(\.path) + leftovers.map({ "\(path)/\($0)" }) {
            guard unlink(path) == 0 || errno == ENOENT else { throw .system("unlink", path) }
        }
    }

    private static let prefix = "step-"
    private static let suffix = ".safetensors"

    private func names() throws(CheckpointError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw CheckpointError(.system, path, "the folder cannot be read; check the path")
        }
    }

    /// The step after which a checkpoint of this name was written; nil if it is no checkpoint's.
    public static func step(in name: String) -> Int? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
        guard digits.count >= 6, digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return nil
        }
        return Int(digits)
    }
}
