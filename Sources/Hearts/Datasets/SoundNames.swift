import Audio
import Foundation

/// The sounds of a folder by their names without endings, as lists give them.
struct SoundNames {
    /// For each name its files, first the one that is used: a .wav where there is one.
    private let files: [String: [String]]

    /// For a name in lower case those that are written so.
    private let spellings: [String: [String]]

    init(_ sounds: [String]) {
        let named = Dictionary(grouping: sounds) { ($0 as NSString).deletingPathExtension }
        files = named.mapValues { $0.count == 1 ? $0 : $0.sorted { Self.rank($0) < Self.rank($1) } }
        spellings = Dictionary(grouping: named.keys) { $0.lowercased() }
    }

    /// The name that a list means, which may have an ending, or other capital letters where only one file has them.
    func name(_ listed: String) -> String {
        if files[listed] != nil { return listed }
        let isWithEnding = !Catalog.sounds(among: [listed]).isEmpty
        let name = isWithEnding ? (listed as NSString).deletingPathExtension : listed
        guard files[name] == nil, let found = spellings[name.lowercased()], found.count == 1 else { return name }
        return found[0]
    }

    /// The file that is used of those with this name.
    func file(_ name: String) -> String? { files[name]?.first }

    var names: [String] { files.keys.sorted() }

    /// The files with other names, in their order.
    func files(except names: Set<String>) -> [String] {
        files.filter { !names.contains($0.key) }.flatMap(\.value).sorted()
    }

    /// The further files with these names.
    func copies(of names: Set<String>) -> [String] {
        names.flatMap { files[$0]?.dropFirst() ?? [] }.sorted()
    }

    /// By the ending as it is preferred, in small letters first, and by the name.
    private static func rank(_ file: String) -> (Int, Int, String) {
        let ending = (file as NSString).pathExtension
        let place = Sound.fileEndings.firstIndex(of: ending.lowercased()) ?? Sound.fileEndings.count
        return (place, ending == ending.lowercased() ? 0 : 1, file)
    }
}

extension Catalog {
    /// Tells of the sounds of a listed folder that are not used: those that no list names, and copies of those it does.
    mutating func tell(of sounds: SoundNames, named: Set<String>, prefix: String) {
        unlisted += sounds.files(except: named).map { prefix + $0 }
        passedOver += sounds.copies(of: named).map {
            PassedOver(name: prefix + $0, reason: "the same recording has another file")
        }
    }
}
