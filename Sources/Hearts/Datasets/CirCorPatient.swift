import Foundation
import Tables

/// A patient of the CirCor DigiScope data set.
struct CirCorPatient {
    enum Murmur: String, CaseIterable {
        case absent, present, unknown
    }

    let id: String

    /// The same person's in the other campaign.
    let otherID: String?

    /// Where the heart was listened to, each location as often as there are recordings of it; nil where nobody says.
    let locations: [String]?

    /// A label of `Catalog.heartClasses`; nil where it is not asked for.
    let outcome: Int?

    /// Nil where it is not asked for.
    let murmur: Murmur?

    /// Where it is heard, in lower case; nil where nobody says.
    let murmurLocations: Set<String>?
    let campaign: String?
}

extension CirCorPatient {
    /// What is known of a patient, by the names of the list's columns in lower case.
    enum Key {
        static let id = ["patient id"]
        static let otherID = ["additional id"]
        static let locations = ["recording locations", "locations"]
        static let outcome = ["outcome"]
        static let murmur = ["murmur"]
        static let murmurLocations = ["murmur locations"]
        static let campaign = ["campaign"]
    }

    /// The patients of the list, or those that have files of their own. A list goes before the patients' files.
    static func patients(of folder: CirCorFolder, _ diagnosis: Labelling.Diagnosis) throws -> [CirCorPatient] {
        let place = folder.recordings.folder
        let texts = folder.recordings.texts
        guard let path = folder.list else {
            let patients = folder.recordings.patients
            return try texts.sorted { $0.key < $1.key }.compactMap { id, file in
                let own = try CirCorPatientFile("\(place.path)/\(file)")
                guard own.id == id, isIdentifier(id) else {
                    // A licence is of no patient.
                    guard patients.contains(id) else { return nil }
                    throw Catalog.damaged(own.path, 1, "does not begin with the patient's ID \(id)")
                }
                return try CirCorPatient(id, CirCorStatements(row: nil, ownPath: own.path, own: own), diagnosis)
            }.sorted { ($0.id.count, $0.id) < ($1.id.count, $1.id) }
        }
        let list = try ColumnList(path)
        guard list.hasColumn(Key.id) else {
            throw DatasetError(name: path, problem: "has no column Patient ID", remedy: "restore the published file")
        }
        var known: Set<String> = []
        return try list.rows.map { row in
            guard let id = list.cell(Key.id, in: row)?.identifier, isIdentifier(id), known.insert(id).inserted else {
                throw Catalog.damaged(path, row.line, "has no patient ID of letters and digits that is new")
            }
            let ownPath = "\(place.path)/\(texts[id] ?? "\(id).txt")"
            let isAsked = texts[id] != nil && !list.hasAll(for: diagnosis, in: row)
            let own = isAsked ? try CirCorPatientFile(ownPath) : nil
            return try CirCorPatient(id, CirCorStatements(row: (list, row), ownPath: ownPath, own: own), diagnosis)
        }
    }

    private init(_ id: String, _ said: CirCorStatements, _ diagnosis: Labelling.Diagnosis) throws {
        self.id = id
        let other = said.cell(Key.otherID)?.identifier
        otherID = other == id ? nil : other
        let locations = try said.locations()
        self.locations = locations
        campaign = said.cell(Key.campaign)?.text
        guard diagnosis == .murmur else {
            let cell = try said.needed(Key.outcome, called: "Outcome")
            guard let label = Catalog.heartClasses.firstIndex(of: cell.text.lowercased()) else {
                throw cell.damaged("which is neither Normal nor Abnormal")
            }
            (outcome, murmur, murmurLocations) = (label, nil, nil)
            return
        }
        let cell = try said.needed(Key.murmur, called: "Murmur")
        guard let heard = Murmur(rawValue: cell.text.lowercased()) else {
            throw cell.damaged("which is none of Present, Absent and Unknown")
        }
        let places = try said.cell(Key.murmurLocations).map { Set(try Self.locations(in: $0).map { $0.lowercased() }) }
        (outcome, murmur, murmurLocations) = (nil, heard, places)
    }

    static func locations(in cell: Cell) throws -> [String] {
        let locations = cell.text.split(separator: "+").map { $0.trimmingCharacters(in: .whitespaces) }
        guard locations.count <= 64, locations.allSatisfy(isIdentifier) else {
            throw cell.damaged("which are too many, or no locations such as AV+MV")
        }
        return locations
    }

    /// What can be a part of a recording's name.
    static func isIdentifier(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0 & 0xDF) }
    }
}

extension Cell {
    fileprivate var identifier: String { text.identifier }
}

extension ColumnList {
    /// Whether a patient's own file has nothing to add.
    fileprivate func hasAll(for diagnosis: Labelling.Diagnosis, in row: DelimitedTable.Row) -> Bool {
        let label = diagnosis == .murmur ? CirCorPatient.Key.murmur : CirCorPatient.Key.outcome
        let columns =
            [CirCorPatient.Key.campaign, CirCorPatient.Key.otherID]
            + (diagnosis == .murmur ? [CirCorPatient.Key.murmurLocations] : [])
        return columns.allSatisfy(hasColumn)
            && [label, CirCorPatient.Key.locations].allSatisfy { cell($0, in: row) != nil }
    }
}
