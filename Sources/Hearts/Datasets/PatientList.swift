import Foundation
import Tables

/// A table of whose heart each recording is of: a file's name, or what it begins with, and the patient.
struct PatientList {
    private let path: String
    /// The patient and the line, by what is written for the file.
    private var patients: [String: (patient: String, line: Int)] = [:]

    /// Takes the columns by their names where the first line has such, the first two else.
    init(path: String) throws {
        self.path = path
        let table = try Catalog.table(ofListAt: path)
        let head = table.rows.first?.cells.map(Catalog.folded) ?? []
        let patientColumn = head.firstIndex { ["patient", "patientid", "subject", "subjectid", "person"].contains($0) }
        let fileColumn =
            head.firstIndex { ["file", "filename", "path", "prefix", "record", "recording", "name"].contains($0) }
            ?? head.indices.first { $0 != patientColumn }
        let hasHead = patientColumn != nil
        for row in hasHead ? table.rows.dropFirst() : table.rows[...] {
            let (file, patient) = (fileColumn ?? 0, patientColumn ?? 1)
            guard row.cells.count > max(file, patient), !row.cells[file].isEmpty else {
                throw Catalog.damaged(path, row.line, "is not a file, or the beginning of its name, and a patient")
            }
            guard let name = row.cells[patient].ifValue?.identifier else { continue }
            let key = Self.withoutEnding(row.cells[file].replacing("\\", with: "/"))
            if let other = patients[key], other.patient != name {
                throw Catalog.damaged(
                    path, row.line,
                    "column \(patient + 1): gives \(row.cells[file]) to \(name), line \(other.line) to \(other.patient)"
                )
            }
            patients[key] = patients[key] ?? (name, row.line)
        }
        guard !patients.isEmpty else {
            throw DatasetError(
                name: path, problem: "names no patients",
                remedy: "list a file, or what its name begins with, and its patient")
        }
    }

    var rowCount: Int { patients.count }

    /// The patient of a recording, by its path within the data folder or by its file's name; of several beginnings the
    /// longest counts. A beginning ends where digits or letters do: P1 is none of P12.
    func patient(of recording: String) -> (patient: String, key: String)? {
        let path = Self.withoutEnding(recording)
        for form in [path, (path as NSString).lastPathComponent] {
            if let known = patients[form] { return (known.patient, form) }
            var end = form.endIndex
            while end > form.startIndex {
                end = form.index(before: end)
                guard end > form.startIndex, Self.isBoundary(form, at: end) else { continue }
                let key = String(form[..<end])
                if let known = patients[key] { return (known.patient, key) }
            }
        }
        return nil
    }

    private static func isBoundary(_ text: String, at index: String.Index) -> Bool {
        let (before, after) = (text[text.index(before: index)], text[index])
        return !(before.isNumber && after.isNumber) && !(before.isLetter && after.isLetter)
    }

    /// A name with the ending of a recording is meant without it.
    private static func withoutEnding(_ name: String) -> String {
        Catalog.content(ofFileAt: name) == nil ? name : (name as NSString).deletingPathExtension
    }
}
