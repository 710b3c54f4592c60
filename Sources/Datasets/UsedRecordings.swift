import Foundation
import Tables

/// The table that a run leaves of its recordings: what each was used for. It can be read as `--data` again.
public struct UsedRecordings: Sendable {
    public static let fileName = "recordings.csv"

    private static let columns = ["file", "label", "patient", "site", "location", "part", "weight", "content"]

    /// The digests of what was trained on, and whose it was.
    private let contents: Set<String>
    private let patients: Set<String>

    /// The text of the table: recordings by their paths, with the part that they were used for, and the digests of what they
    /// decode to. What was left out is not in it.
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
        let path = "\(folder)/\(Self.fileName)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let rows = try DelimitedTable(Catalog.data(ofListAt: path)).rows
        guard rows.first?.cells == Self.columns else {
            throw DatasetError(
                name: path, problem: "is not the table that the run has left", remedy: "restore it, or move it away")
        }
        let trained = rows.dropFirst().map(\.cells).filter { $0.count == Self.columns.count && $0[5] == "train" }
        contents = Set(trained.map { $0[7] })
        patients = Set(trained.compactMap { $0[2].isEmpty ? nil : $0[2] })
    }

    /// How many of these recordings, or others of their patients, were trained on.
    public func trained(among recordings: [Recording]) -> Int {
        recordings.count { contents.contains($0.content.digest) || $0.subject.map(patients.contains) == true }
    }
}
