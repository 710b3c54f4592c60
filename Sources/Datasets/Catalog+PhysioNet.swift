import Foundation

/// A folder of the PhysioNet/CinC Challenge 2016: sounds, and their diagnoses in REFERENCE.csv.
struct PhysioNetSite {
    static let reference = "REFERENCE.csv"

    let folder: Folder

    /// What stands before the files' names in a recording's name.
    let prefix: String

    /// The folder's name, where it is one of several.
    let group: String?
}

extension Folder {
    /// This folder or those in it that hold a REFERENCE.csv; nil if none does.
    var physioNetSites: [PhysioNetSite]? {
        if files.contains(PhysioNetSite.reference) { return [PhysioNetSite(folder: self, prefix: "", group: nil)] }
        let sites = folders.compactMap { name in
            (try? Folder("\(path)/\(name)")).flatMap { folder in
                folder.files.contains(PhysioNetSite.reference)
                    ? PhysioNetSite(folder: folder, prefix: name + "/", group: name) : nil
            }
        }
        return sites.isEmpty ? nil : sites
    }
}

extension Catalog {
    init(physioNet sites: [PhysioNetSite]) throws {
        self.init(classes: Self.heartClasses, entries: try sites.flatMap(Self.entries(of:)))
    }

    private static func entries(of site: PhysioNetSite) throws -> [Entry] {
        let path = "\(site.folder.path)/\(PhysioNetSite.reference)"
        let present = Set(site.folder.files)
        var labels: [String: Int] = [:]
        return try lines(ofFileAt: path).compactMap { number, line in
            let (name, label) = try parse(line, number, path)
            if let earlier = labels[name] {
                guard earlier == label else {
                    throw damaged(path, number, "gives \(name) another class than before")
                }
                return nil
            }
            labels[name] = label
            let file = ["\(name).wav", "\(name).flac"].first(where: present.contains)
            let fullPath = "\(site.folder.path)/\(file ?? "\(name).wav")"
            return Entry(
                name: site.prefix + (file ?? "\(name).wav"), label: label, group: site.group,
                content: file == nil ? .missing(path: fullPath) : .sound(path: fullPath))
        }
    }

    private static func lines(ofFileAt path: String) throws -> [(number: Int, line: String)] {
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        guard size <= 1 << 26, let data = FileManager.default.contents(atPath: path) else {
            throw DatasetError(
                name: path, problem: "cannot be read, or is larger than 64 MiB", remedy: "restore the published file")
        }
        let text = String(decoding: data, as: UTF8.self)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return lines.enumerated().map { ($0 + 1, $1.trimmingCharacters(in: .whitespaces)) }.filter { !$1.isEmpty }
    }

    /// A line is a recording's name and -1 for normal or 1 for abnormal.
    private static func parse(_ line: String, _ number: Int, _ path: String) throws -> (name: String, label: Int) {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        guard fields.count == 2, let label = ["-1": normal, "1": abnormal][fields[1]] else {
            throw damaged(path, number, "is not a name, a comma and -1 or 1")
        }
        // A name is a file in the same folder, nothing else.
        guard !fields[0].isEmpty, !fields[0].hasPrefix("."), !fields[0].contains("/"), !fields[0].contains("\0") else {
            throw damaged(path, number, "does not name a recording in its folder")
        }
        return (fields[0], label)
    }

    private static func damaged(_ path: String, _ number: Int, _ problem: String) -> DatasetError {
        DatasetError(name: path, problem: "line \(number) \(problem)", remedy: "correct the line")
    }
}
