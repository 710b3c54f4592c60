import Files
import Foundation
import Tables

/// The table that a run leaves of its recordings: what each was used for. It can be read as `--data` again.
public struct UsedRecordings: Sendable {
    private static let columns = ["file", "label", "patient", "site", "location", "part", "weight", "content"]

    /// By part, the digests of its recordings, and whose they are.
    private let parts: [Part: (contents: Set<String>, patients: Set<String>)]

    /// The text of the table: recordings by their paths, with the part that they were used for, and the digests of what
    /// they decode to. What was left out is not in it.
    public static func text(of dataset: Dataset, _ split: Split) -> String {
        text(of: dataset, [("train", split.training), ("validation", split.validation), ("test", split.test)])
    }

    /// The same of recordings that were scored alone.
    public static func text(of dataset: Dataset, scored samples: [Int]) -> String { text(of: dataset, [("", samples)]) }

    private static func text(of dataset: Dataset, _ parts: [(name: String, samples: [Int])]) -> String {
        let rows = parts.flatMap { part, samples in
            dataset.recordings(of: samples).map { recording in
                [
                    recording.path, dataset.classes[recording.label], recording.subject ?? "", recording.group ?? "",
                    recording.location ?? "", part, "\(recording.weight)", recording.content.digest,
                ]
            }
        }
        return CSV([columns] + rows).text
    }

    /// Reads the table in a run's folder; nil where there is none.
    public init?(ofRun folder: String) throws {
        let path = RunFolder(folder).path(.recordings)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let rows = try DelimitedTable(Catalog.data(ofListAt: path)).rows
        guard rows.first?.cells == Self.columns else {
            throw DatasetError(
                name: path, problem: "is not the table that the run has left", remedy: "restore it, or move it away")
        }
        let known = rows.dropFirst().map(\.cells).filter { $0.count == Self.columns.count }
        parts = Dictionary(grouping: known.filter { Part(named: $0[5]) != nil }, by: { Part(named: $0[5])! })
            .mapValues { rows in (Set(rows.map { $0[7] }), Set(rows.compactMap { $0[2].isEmpty ? nil : $0[2] })) }
    }

    /// How many of these recordings, or others of their patients, were in a part of the run.
    public func count(of recordings: [Recording], in part: Part) -> Int {
        guard let (contents, patients) = parts[part] else { return 0 }
        return recordings.count { contents.contains($0.content.digest) || $0.subject.map(patients.contains) == true }
    }
}
