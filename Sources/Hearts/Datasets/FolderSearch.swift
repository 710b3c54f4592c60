import Foundation

/// The data folder and the folders below it, the nearest first: a published set may lie deeper than is said.
///
/// What lies below a folder of sounds is not looked at, unless it is the data folder itself.
struct FolderSearch {
    struct Place {
        let folder: Folder

        /// What stands before the names of its files: nothing, or its path within the data folder and a slash.
        let prefix: String
        let sounds: [String]

        init(_ folder: Folder, prefix: String) {
            self.folder = folder
            self.prefix = prefix
            sounds = Catalog.sounds(among: folder.files)
        }

        /// The names of the folders on the way to it.
        var way: [String] { prefix.split(separator: "/").map(String.init) }

        /// Whether it lies in a folder of the data folder that is a part by its name.
        var isInPart: Bool { way.first.flatMap(Part.init(named:)) != nil }

        /// The part that the nearest of them is named after, if it is one that is kept apart.
        var part: Part? { way.reversed().lazy.compactMap { Part(named: $0) }.first { $0 != .training } }
    }

    let places: [Place]

    /// Folders that could not be looked into.
    let passedOver: [PassedOver]

    private static let greatestDepth = 8
    private static let greatestCount = 1000

    init(_ root: Folder) {
        var places = [Place(root, prefix: "")]
        var passedOver: [PassedOver] = []
        // Links may lead back to where they are.
        var seen = [Self.identity(root.path)] as Set
        var next = 0
        while next < places.count {
            let place = places[next]
            next += 1
            guard next == 1 || place.sounds.isEmpty, place.way.count < Self.greatestDepth else { continue }
            for name in place.folder.folders {
                let path = "\(place.folder.path)/\(name)"
                guard places.count < Self.greatestCount else {
                    passedOver.append(
                        PassedOver(
                            name: place.prefix + name,
                            reason: "a folder beyond the \(Self.greatestCount) that are searched"))
                    continue
                }
                guard seen.insert(Self.identity(path)).inserted else {
                    passedOver.append(
                        PassedOver(name: place.prefix + name, reason: "a link to a folder that is read already"))
                    continue
                }
                if let folder = try? Folder(path) {
                    places.append(Place(folder, prefix: place.prefix + name + "/"))
                } else {
                    passedOver.append(PassedOver(name: place.prefix + name, reason: "a folder that cannot be read"))
                }
            }
        }
        self.places = places
        self.passedOver = passedOver
    }

    var root: Place { places[0] }

    func place(at prefix: String) -> Place? { places.first { $0.prefix == prefix } }

    private static func identity(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
}

extension Catalog {
    /// Tells of what no recording can be, and of the sounds that lie in other folders than those that are used.
    mutating func tell(of search: FolderSearch, used: [String]) {
        passedOver += search.passedOver
        passedOver += search.places.flatMap { place in
            place.folder.passedOver.map { PassedOver(name: place.prefix + $0.name, reason: $0.reason) }
        }
        for place in search.places where !used.contains(place.prefix) {
            passedOver += place.sounds.map {
                PassedOver(name: place.prefix + $0, reason: "in a folder outside the set that was found")
            }
        }
    }
}
