/// A published set of heart sounds that comes with lists of its own.
enum PublishedSet {
    case circor(CirCorFolder)
    case physioNet([PhysioNetSite])
    case pascal(PASCALFolder)

    fileprivate var name: String {
        switch self {
        case .circor: "CirCor"
        case .physioNet: "PhysioNet/CinC 2016"
        case .pascal: "PASCAL"
        }
    }
}

extension FolderSearch {
    /// The set that lies here or below; nil if there is none, or if all of it lies in folders that are parts by their
    /// names.
    var publishedSet: PublishedSet? {
        get throws {
            let found = [
                try circor.map(PublishedSet.circor), physioNetSites.map(PublishedSet.physioNet),
                pascal.map(PublishedSet.pascal),
            ].compactMap { $0 }
            guard found.count < 2 else {
                throw DatasetError(
                    name: root.folder.path,
                    problem: "holds several published sets: \(found.map(\.name).joined(separator: ", "))",
                    remedy: "give the folder of one")
            }
            return found.first
        }
    }
}
