import Foundation

extension Catalog {
    /// The groups are the sites. Recordings of poor quality are used, as the challenge has them, and counted.
    init(physioNet sites: [PhysioNetSite], _ search: FolderSearch) throws {
        self.init(classes: Self.heartClasses, entries: [])
        var quality = PhysioNetQuality()
        for site in sites { try add(site, &quality) }
        notes += quality.notes(of: entries.count)
        tell(of: search, used: sites.map(\.place.prefix))
        for place in search.places where !sites.contains(where: { $0.place.prefix == place.prefix }) {
            if let site = PhysioNetSite(place) {
                passedOver.append(PassedOver(name: place.prefix + site.reference, reason: "a list below another list"))
            } else if let list = PhysioNetSite.qualityList(among: place.folder.files) {
                passedOver.append(
                    PassedOver(name: place.prefix + list, reason: "a list of quality beside no recordings"))
            }
        }
    }

    private mutating func add(_ site: PhysioNetSite, _ quality: inout PhysioNetQuality) throws {
        let path = site.path(of: site.reference)
        let sounds = SoundNames(site.place.sounds)
        let records = try site.records(sounds)
        let counted = records.map { Set($0) }
        var labels: [String: Int?] = [:]
        var used: Set<String> = []
        for row in try PhysioNetList(path, sounds).rows {
            if let earlier = labels[row.name] {
                guard earlier == row.label else {
                    throw Self.damaged(path, row.line, "gives \(row.name) another class than before")
                }
                continue
            }
            labels[row.name] = .some(row.label)
            guard counted?.contains(row.name) ?? true else { continue }
            let file = sounds.file(row.name)
            let name = file ?? "\(row.name).wav"
            let fullPath = site.path(of: name)
            guard let label = row.label else {
                passedOver.append(
                    PassedOver(
                        name: site.place.prefix + name, reason: "unsure, or without a class, in \(site.reference)"))
                continue
            }
            used.insert(row.name)
            if row.isGood == false { quality.addPoor(by: "the third column of \(site.reference)") }
            entries.append(
                Entry(
                    name: site.place.prefix + name, label: label, group: site.group, part: site.place.part,
                    content: file == nil ? .missing(path: fullPath, list: site.reference) : .sound(path: fullPath)))
        }
        for name in records ?? [] where labels[name] == nil {
            let path = site.path(of: name)
            let reason = "listed in \(PhysioNetSite.records), but without a class in \(site.reference)"
            unlabelled.append(SkippedFile(path: path, reason: "\(path): \(reason)"))
        }
        if let list = PhysioNetSite.qualityList(among: site.place.folder.files) {
            for row in try PhysioNetList(site.path(of: list), sounds).rows where used.remove(row.name) != nil {
                if row.isGood == false { quality.addPoor(by: list) }
                if row.label != labels[row.name] { quality.addDifferent(in: list) }
            }
        }
        tell(of: sounds, named: counted ?? Set(labels.keys), prefix: site.place.prefix)
    }
}

/// What the lists of quality say of the recordings of all sites.
private struct PhysioNetQuality {
    private var poor: [String: Int] = [:]
    private var different: [String: Int] = [:]

    mutating func addPoor(by list: String) { poor[list, default: 0] += 1 }

    /// Another class than the list that counts has.
    mutating func addDifferent(in list: String) { different[list, default: 0] += 1 }

    func notes(of all: Int) -> [String] {
        poor.sorted { $0.key < $1.key }.map {
            "\($1) of \(all) recordings are of poor quality by \($0); they are used all the same"
        }
            + different.sorted { $0.key < $1.key }.map {
                "\($1) of \(all) recordings have another class in \($0) than in the list that counts"
            }
    }
}
