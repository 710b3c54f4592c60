import Files
import Foundation
import Tables

/// `history.csv` of a run folder, one row an epoch. The file is whole after every call.
public struct History: Sendable {
    public private(set) var records: [EpochRecord] = []
    private let folder: RunFolder

    /// More than a million epochs.
    private static let sizeLimit = 256 << 20

    /// Reads the history of the run in `folder`; it is empty when there is none yet.
    public init(folder: URL) throws(ReportsError) {
        self.folder = RunFolder(folder.path)
        guard self.folder.has(.history) else { return }
        let path = self.folder.path(.history)
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try RegularFile.contents(of: path, atMost: Self.sizeLimit)
        } catch {
            throw ReportsError(path: path, reason: "\(error.problem); \(error.remedy)")
        }
        let rows = CSV(parsing: String(decoding: bytes, as: UTF8.self)).rows
        guard rows.first == EpochRecord.columns else {
            throw ReportsError(
                path: path, reason: "its first line is not that of this version's history; move it away to start anew")
        }
        for (index, row) in rows.enumerated().dropFirst() {
            guard let record = EpochRecord(cells: row) else {
                throw ReportsError(path: path, reason: "row \(index + 1) is not an epoch; mend or remove the row")
            }
            records.append(record)
        }
    }

    /// Adds an epoch. A resumed run repeats epochs: rows from this epoch on are replaced.
    public mutating func append(_ record: EpochRecord) throws(ReportsError) {
        // On a full disk the row is kept here, and comes into the file with the next one.
        records = records.filter { $0.epoch < record.epoch } + [record]
        do throws(FileError) {
            try folder.write(CSV([EpochRecord.columns] + records.map(\.cells)).text, to: .history)
        } catch {
            throw ReportsError(unwritten: error)
        }
    }
}
