import Foundation

/// The data of the PASCAL challenge of 2011: two sets, each of a device of its own.
enum PASCALFolder {
    /// As Kaggle has it: set_a.csv beside set_a, and the same of b.
    case lists(FolderSearch.Place, [String])

    /// As the challenge's archives unpack: Atraining_murmur, Btraining_normal and so on.
    case archives(FolderSearch.Place)
}

extension FolderSearch {
    /// The copy of PASCAL that lies here or below; nil if there is none.
    var pascal: PASCALFolder? {
        places.lazy.filter { !$0.isInPart }.compactMap { place in
            let sets = ["set_a", "set_b"].filter {
                place.folder.files.contains("\($0).csv") && place.folder.folders.contains($0)
            }
            if !sets.isEmpty { return .lists(place, sets) }
            return place.folder.folders.contains { PASCALArchive($0) != nil } ? .archives(place) : nil
        }.first
    }
}

extension Catalog {
    /// The classes are those of the lists or the archives, the groups the sets; whose heart it is is known of set_b.
    init(pascal folder: PASCALFolder, _ search: FolderSearch, fewestClasses: Int) throws {
        switch folder {
        case .lists(let place, let sets): try self.init(pascalLists: sets, in: place, search, fewestClasses)
        case .archives(let place): try self.init(pascalArchivesIn: place, fewestClasses)
        }
    }

    private init(
        pascalLists sets: [String], in place: FolderSearch.Place, _ search: FolderSearch, _ fewestClasses: Int
    ) throws {
        let lists = try sets.map { try PASCALList("\(place.folder.path)/\($0).csv") }
        let classes = Set(lists.flatMap(\.rows).compactMap(\.label)).sorted()
        guard classes.count >= fewestClasses else {
            throw DatasetError(
                name: lists[0].path, problem: "names fewer than two classes in its column label",
                remedy: "restore the published file")
        }
        self.init(classes: classes, entries: [])
        var used: [String] = []
        for (set, list) in zip(sets, lists) {
            // Some copies have the folder twice, one in the other.
            let folders = ["\(set)/", "\(set)/\(set)/"].compactMap { search.place(at: place.prefix + $0) }
            guard let folder = folders.first(where: { !$0.sounds.isEmpty }) ?? folders.first else { continue }
            used.append(folder.prefix)
            try add(list, set, in: folder)
        }
        tell(of: search, used: used)
    }

    private mutating func add(_ list: PASCALList, _ set: String, in folder: FolderSearch.Place) throws {
        let sounds = SoundNames(folder.sounds)
        let meant = Dictionary(grouping: sounds.names) { PASCALName($0).key }
        var labels: [String: String?] = [:]
        for row in list.rows {
            var name = sounds.name(row.name)
            if sounds.file(name) == nil, let found = meant[PASCALName(name).key], found.count == 1 { name = found[0] }
            if let earlier = labels[name] {
                guard earlier == row.label else {
                    throw Self.damaged(list.path, row.line, "gives \(name) another class than before")
                }
                continue
            }
            labels[name] = .some(row.label)
            let file = sounds.file(name)
            let path = "\(folder.folder.path)/\(file ?? "\(name).wav")"
            guard let label = row.label.flatMap({ classes.firstIndex(of: $0) }) else {
                passedOver.append(
                    PassedOver(
                        name: folder.prefix + (file ?? "\(name).wav"), reason: "listed in \(set).csv without a class"))
                continue
            }
            entries.append(
                Entry(
                    name: folder.prefix + (file ?? "\(name).wav"), label: label, group: set,
                    subject: set == "set_b" ? PASCALName(name).person : nil,
                    content: file == nil ? .missing(path: path, list: "\(set).csv") : .sound(path: path)))
        }
        tell(of: sounds, named: Set(labels.keys), prefix: folder.prefix)
    }

    private init(pascalArchivesIn place: FolderSearch.Place, _ fewestClasses: Int) throws {
        let archives = place.folder.folders.compactMap(PASCALArchive.init)
        let classes = Set(archives.map(\.className)).sorted()
        guard classes.count >= fewestClasses else {
            throw DatasetError(
                name: place.folder.path, problem: "has only the class \(classes.joined()) of the PASCAL challenge",
                remedy: "put the folders of the other classes beside it")
        }
        self.init(classes: classes, entries: [])
        for archive in archives {
            let contents = try Folder("\(place.folder.path)/\(archive.folder)").contents()
            let prefix = "\(place.prefix)\(archive.folder)/"
            let sounds = Self.sounds(among: contents.files)
            entries += sounds.map { file in
                let name = ((file as NSString).lastPathComponent as NSString).deletingPathExtension
                return Entry(
                    name: prefix + file, label: classes.firstIndex(of: archive.className)!, group: archive.set,
                    subject: archive.set == "set_b" ? PASCALName(name).person : nil,
                    content: .sound(path: "\(place.folder.path)/\(archive.folder)/\(file)"))
            }
            passedOver += Set(contents.files).subtracting(sounds).sorted().map {
                PassedOver(name: prefix + $0, reason: "no sound by its name")
            }
            passedOver += contents.passedOver.map { PassedOver(name: prefix + $0.name, reason: $0.reason) }
        }
        let known = Set(archives.map(\.folder))
        let reason = "in a folder of no class of the challenge"
        for other in place.folder.folders where !known.contains(other) {
            try passOver(folder: other, in: place.folder, prefix: place.prefix, reason: reason)
        }
        passedOver += place.folder.files.map { PassedOver(name: place.prefix + $0, reason: reason) }
        passedOver += place.folder.passedOver.map { PassedOver(name: place.prefix + $0.name, reason: $0.reason) }
    }
}
