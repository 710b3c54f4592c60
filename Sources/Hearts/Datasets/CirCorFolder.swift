import Foundation

/// Where a copy of the CirCor DigiScope data set (PhysioNet, 2022) has its recordings and the list of its patients.
///
/// A recording is PATIENT_LOCATION.wav or, of several at one location, PATIENT_LOCATION_NUMBER.wav.
struct CirCorFolder {
    private static let list = "training_data.csv"

    /// The folder with the recordings as it is published.
    private static let folder = "training_data"

    /// The list's path; nil where only the patients' own files are there.
    let list: String?

    /// The recordings' folder.
    let recordings: FolderSearch.Place

    /// Nil where the place is no root of such a set.
    fileprivate init?(_ place: FolderSearch.Place, in search: FolderSearch) {
        if let file = place.folder.files.first(where: { $0.lowercased() == Self.list }) {
            list = "\(place.folder.path)/\(file)"
            // Some copies have the folder twice, one in the other, and some none.
            let folders = ["\(Self.folder)/", "\(Self.folder)/\(Self.folder)/", ""].compactMap {
                search.place(at: place.prefix + $0)
            }
            let found = folders.first(where: \.holdsPatients) ?? search.place(at: "\(place.prefix)\(Self.folder)/")
            guard let found else { return nil }
            recordings = found
        } else if place.holdsPatientFiles {
            list = nil
            recordings = place
        } else if place.prefix.isEmpty, place.holdsPatients, let outer = Self.list(above: place.folder) {
            list = outer
            recordings = place
        } else {
            return nil
        }
    }

    /// The list's path, where it lies in the folder around this one.
    private static func list(above folder: Folder) -> String? {
        let outer = URL(fileURLWithPath: folder.path).deletingLastPathComponent().appendingPathComponent(list).path
        return FileManager.default.fileExists(atPath: outer) ? outer : nil
    }
}

extension FolderSearch {
    /// The copy of CirCor that lies here or below; nil if there is none.
    var circor: CirCorFolder? {
        get throws {
            let found = places.compactMap { place in CirCorFolder(place, in: self).map { (place, $0) } }
            guard let (place, folder) = found.first, !found.allSatisfy(\.0.isInPart) else { return nil }
            // Patients' own files in folders side by side, and no list: people have sorted them into classes.
            if found.allSatisfy({ $0.1.list == nil }), found.contains(where: { !$0.0.isBelow(place) }) { return nil }
            if let (other, _) = found.first(where: { !$0.0.isBelow(place) }) {
                throw DatasetError(
                    name: root.folder.path,
                    problem: "holds recordings of CirCor in both \(place.prefix) and \(other.prefix)",
                    remedy: "give one of these folders")
            }
            return folder
        }
    }
}

extension FolderSearch.Place {
    /// The patients whose recordings lie here, by the names of the files.
    var patients: Set<String> {
        let locations = ["av", "pv", "tv", "mv", "phc"]
        return Set(
            sounds.compactMap { file in
                let words = (file as NSString).deletingPathExtension.split(separator: "_")
                let isOne = (2...3).contains(words.count) && locations.contains(words[1].lowercased())
                return isOne ? String(words[0]) : nil
            })
    }

    fileprivate var holdsPatients: Bool { !patients.isEmpty }

    /// What is written of single patients, maybe: for each name the file NAME.txt.
    var texts: [String: String] {
        let files = folder.files.filter { $0.lowercased().hasSuffix(".txt") }
        return Dictionary(files.map { (String($0.dropLast(4)), $0) }, uniquingKeysWith: { $1 })
    }

    /// Whether there is also what is known of one of them.
    fileprivate var holdsPatientFiles: Bool {
        let texts = texts
        return !texts.isEmpty && !patients.isDisjoint(with: texts.keys)
    }
}
