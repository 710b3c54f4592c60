import Foundation

/// A folder of the PhysioNet/CinC Challenge 2016: sounds, and their diagnoses in REFERENCE.csv.
struct PhysioNetSite {
    /// Where there is one, it lists the recordings that count.
    static let records = "RECORDS"

    let place: FolderSearch.Place

    /// The name of the list of diagnoses.
    let reference: String

    init?(_ place: FolderSearch.Place) {
        guard let reference = ["REFERENCE.csv", "REFERENCE.CSV"].first(where: place.folder.files.contains) else {
            return nil
        }
        self.place = place
        self.reference = reference
    }

    /// The folder's name, where it is one of several and no part.
    var group: String? { place.way.last.flatMap { Part(named: $0) == nil ? $0 : nil } }

    /// The name of a list with the recordings' quality.
    static func qualityList(among files: [String]) -> String? {
        files.first { ["reference-sqi.csv", "reference_withsqi.csv"].contains($0.lowercased()) }
    }

    func path(of file: String) -> String { "\(place.folder.path)/\(file)" }

    /// The names of the recordings that count, where the folder says so.
    func records(_ sounds: SoundNames) throws -> [String]? {
        guard place.folder.files.contains(Self.records) else { return nil }
        let path = path(of: Self.records)
        return try Catalog.table(ofListAt: path).rows.map { row in
            let cells = row.cells.filter { !$0.isEmpty }
            guard cells.count == 1, Catalog.isFileName(cells[0]) else {
                throw Catalog.damaged(path, row.line, "does not name a recording in its folder")
            }
            return sounds.name(cells[0])
        }
    }
}

extension FolderSearch {
    /// The folders that hold a REFERENCE.csv, by their paths; nil if none does.
    ///
    /// Of folders below one another the outer one counts, and beside it those that are named after a part.
    var physioNetSites: [PhysioNetSite]? {
        let found = places.compactMap(PhysioNetSite.init)
        guard !found.allSatisfy(\.place.isInPart) else { return nil }
        let sites = found.filter { site in
            site.place.part != nil
                || !found.contains { $0.place.way.count < site.place.way.count && site.place.isBelow($0.place) }
        }
        return sites.sorted { $0.place.way.lexicographicallyPrecedes($1.place.way) }
    }
}

extension FolderSearch.Place {
    /// Whether it lies in the other, or is it.
    func isBelow(_ other: Self) -> Bool { prefix.hasPrefix(other.prefix) }
}
