import Foundation

/// The files of a run's folder.
package enum RunFile: String, CaseIterable, Sendable {
    case configuration = "config.json"
    /// Of a cross-validation, in place of a configuration.
    case folds = "folds.json"
    case recordings = "recordings.csv"
    case checkpoints
    case initial = "initial.safetensors"
    case best = "best.safetensors"
    case final = "final.safetensors"
    case history = "history.csv"
    case metrics = "metrics.json"
    case predictions = "predictions.csv"
    case classification = "classification_report.txt"
    case confusionMatrix = "confusion_matrix.csv"
    case foldScores = "folds.csv"
    case skipped = "skipped.csv"
    case plots
    case report = "report.html"
}

/// The folder of a run. Its files appear under their names only when they are whole, and on the disk.
package struct RunFolder: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package func path(_ file: RunFile) -> String { "\(path)/\(file.rawValue)" }
    package func has(_ file: RunFile) -> Bool { FileManager.default.fileExists(atPath: path(file)) }

    package func write(_ bytes: [UInt8], to file: RunFile) throws(FileError) {
        try write(bytes, toFileAt: path(file))
    }

    package func write(_ text: String, to file: RunFile) throws(FileError) { try write(Array(text.utf8), to: file) }

    /// A drawing among those of the report.
    package func write(_ text: String, toPlot name: String) throws(FileError) {
        try write(Array(text.utf8), toFileAt: "\(path(.plots))/\(name)")
    }

    private func write(_ bytes: [UInt8], toFileAt path: String) throws(FileError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }

    /// Is it a file of a run that was being written when its writer was killed?
    package static func isLeftover(_ name: String) -> Bool {
        name.hasSuffix(AtomicFile.suffix) && RunFile.allCases.contains { name.hasPrefix("\($0.rawValue).") }
    }

    /// Removes what writers that were killed have left behind. Only who has the folder alone may.
    package func sweep() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where Self.isLeftover(name) {
            try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
    }
}
