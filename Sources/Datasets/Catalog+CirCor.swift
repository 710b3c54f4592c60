import Foundation
import Tables

/// A patient of the CirCor DigiScope data set (PhysioNet, 2022), as training_data.csv has them.
struct CirCorPatient {
    static let list = "training_data.csv"

    /// The folder with the recordings, PATIENT_LOCATION.wav or, of several at one location, PATIENT_LOCATION_NUMBER.wav.
    static let folder = "training_data"

    let id: String

    /// The same person's in the other campaign.
    let otherID: String?

    /// Where the heart was listened to, each location as often as there are recordings of it.
    let locations: [String]

    /// The outcome.
    let label: Int
    let campaign: String?
}

extension Folder {
    /// Whether this is the CirCor DigiScope data set's folder.
    var isCirCor: Bool { files.contains(CirCorPatient.list) && folders.contains(CirCorPatient.folder) }
}

extension Catalog {
    /// The class is the patient's outcome, the group the campaign, the subject the person: in whichever campaigns.
    init(circor root: Folder, _ diagnosis: Labelling.Diagnosis) throws {
        self.init(classes: Self.heartClasses, entries: [])
        let patients = try CirCorPatient.patients(ofListAt: "\(root.path)/\(CirCorPatient.list)")
        var people = DisjointSets<String>()
        for patient in patients {
            if let other = patient.otherID { people.join(patient.id, other) }
        }
        let files = Self.sounds(among: try Folder("\(root.path)/\(CirCorPatient.folder)").files)
        let places = Dictionary(grouping: files) { file in
            (file as NSString).deletingPathExtension.split(separator: "_").prefix(2).joined(separator: "_")
        }
        for patient in patients {
            for (location, listed) in Dictionary(grouping: patient.locations, by: \.self).sorted(by: { $0.key < $1.key }
            ) {
                let place = "\(patient.id)_\(location)"
                let present = places[place] ?? []
                let expected = listed.count == 1 ? [place] : (1...listed.count).map { "\(place)_\($0)" }
                let absent = expected.map { "\($0).wav" }.filter { !present.contains($0) }
                    .prefix(max(0, listed.count - present.count))
                for (file, isPresent) in present.map({ ($0, true) }) + absent.map({ ($0, false) }) {
                    let name = "\(CirCorPatient.folder)/\(file)"
                    let path = "\(root.path)/\(name)"
                    entries.append(
                        Entry(
                            name: name, label: patient.label, group: patient.campaign,
                            subject: people.least(of: patient.id),
                            content: isPresent ? .sound(path: path) : .missing(path: path, list: CirCorPatient.list)))
                }
            }
        }
        let named = Set(entries.map(\.name))
        unlisted = files.map { "\(CirCorPatient.folder)/\($0)" }.filter { !named.contains($0) }
    }
}

extension CirCorPatient {
    /// Reads the columns by their names, whatever their order and whatever else there is.
    static func patients(ofListAt path: String) throws -> [CirCorPatient] {
        let rows = CSV(parsing: try Catalog.text(ofListAt: path)).rows
        let names = (rows.first ?? []).map { $0.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}", ":"])) }
        let columns = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
        for name in ["Patient ID", "Recording locations", "Outcome"] where columns[name] == nil {
            throw DatasetError(name: path, problem: "has no column \(name)", remedy: "restore the published file")
        }
        var known: Set<String> = []
        return try rows.enumerated().dropFirst().filter { $1 != [""] }.map { index, row in
            guard row.count == names.count else {
                throw Catalog.damaged(path, index + 1, "has \(row.count) cells, the first line \(names.count)")
            }
            func cell(_ name: String) -> String? {
                guard let text = columns[name].map({ row[$0].trimmingCharacters(in: .whitespaces) }) else { return nil }
                return text.isEmpty || text == "nan" ? nil : text
            }
            guard let id = cell("Patient ID"), isIdentifier(id), known.insert(id).inserted else {
                throw Catalog.damaged(path, index + 1, "has no patient ID of letters and digits that is new")
            }
            let locations = (cell("Recording locations") ?? "").split(separator: "+").map(String.init)
            guard locations.count <= 64, locations.allSatisfy(isIdentifier) else {
                throw Catalog.damaged(
                    path, index + 1, "has too many, or other recording locations than those such as AV+MV")
            }
            guard let label = ["Abnormal": Catalog.abnormal, "Normal": Catalog.normal][cell("Outcome") ?? ""] else {
                throw Catalog.damaged(path, index + 1, "has an outcome that is neither Normal nor Abnormal")
            }
            // A column of numbers and gaps is often written with decimal points.
            let other = cell("Additional ID").map { $0.hasSuffix(".0") ? String($0.dropLast(2)) : $0 }
            return CirCorPatient(
                id: id, otherID: other, locations: locations, label: label, campaign: cell("Campaign"))
        }
    }

    /// What can be a part of a recording's name.
    private static func isIdentifier(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0 & 0xDF) }
    }
}
