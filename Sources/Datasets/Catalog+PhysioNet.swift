import Files
import Foundation
import Tables

/// A folder of the PhysioNet/CinC Challenge 2016: sounds, and their diagnoses in REFERENCE.csv.
struct PhysioNetSite {
    static let reference = "REFERENCE.csv"

    /// Where there is one, it lists the recordings that count.
    static let records = "RECORDS"

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
        self.init(classes: Self.heartClasses, entries: [])
        for site in sites { try add(site) }
    }

    private mutating func add(_ site: PhysioNetSite) throws {
        let path = "\(site.folder.path)/\(PhysioNetSite.reference)"
        let present = Set(site.folder.files)
        let records = try Self.records(of: site)
        let counted = records.map { Set($0) }
        var labels: [String: Int] = [:]
        for (number, line) in try Self.lines(ofFileAt: path) {
            let (name, label) = try Self.parse(line, number, path)
            if let earlier = labels[name] {
                guard earlier == label else {
                    throw Self.damaged(path, number, "gives \(name) another class than before")
                }
                continue
            }
            labels[name] = label
            guard counted?.contains(name) ?? true else { continue }
            let file = ["\(name).wav", "\(name).flac"].first(where: present.contains)
            let fullPath = "\(site.folder.path)/\(file ?? "\(name).wav")"
            entries.append(
                Entry(
                    name: site.prefix + (file ?? "\(name).wav"), label: label, group: site.group,
                    content: file == nil
                        ? .missing(path: fullPath, list: PhysioNetSite.reference) : .sound(path: fullPath)))
        }
        for name in records ?? [] where labels[name] == nil {
            let path = "\(site.folder.path)/\(name)"
            let reason = "listed in \(PhysioNetSite.records), but without a class in \(PhysioNetSite.reference)"
            unlabelled.append(SkippedFile(path: path, reason: "\(path): \(reason)"))
        }
        let named = counted ?? Set(labels.keys)
        unlisted += Self.sounds(among: site.folder.files)
            .filter { !named.contains(($0 as NSString).deletingPathExtension) }.map { site.prefix + $0 }
    }

    /// The names of the recordings that count, where a site's folder says so.
    private static func records(of site: PhysioNetSite) throws -> [String]? {
        guard site.folder.files.contains(PhysioNetSite.records) else { return nil }
        let path = "\(site.folder.path)/\(PhysioNetSite.records)"
        return try lines(ofFileAt: path).map { number, name in
            guard isFileName(name) else { throw damaged(path, number, "does not name a recording in its folder") }
            return name
        }
    }

    static func text(ofListAt path: String) throws -> String {
        DelimitedTable.text(of: try data(ofListAt: path))
    }

    /// The bytes of a list, as far as it is not absurdly long.
    static func data(ofListAt path: String) throws -> Data {
        do throws(FileError) {
            return Data(try RegularFile.contents(of: path, atMost: 1 << 26))
        } catch {
            throw DatasetError(name: path, problem: error.problem, remedy: error.remedy)
        }
    }

    private static func lines(ofFileAt path: String) throws -> [(number: Int, line: String)] {
        let lines = try text(ofListAt: path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return lines.enumerated().map { ($0 + 1, $1.trimmingCharacters(in: .whitespaces)) }.filter { !$1.isEmpty }
    }

    /// A line is a recording's name and -1 for normal or 1 for abnormal.
    private static func parse(_ line: String, _ number: Int, _ path: String) throws -> (name: String, label: Int) {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        guard fields.count == 2, let label = ["-1": normal, "1": abnormal][fields[1]] else {
            throw damaged(path, number, "is not a name, a comma and -1 or 1")
        }
        guard isFileName(fields[0]) else { throw damaged(path, number, "does not name a recording in its folder") }
        return (fields[0], label)
    }

    /// A name is that of a file in the same folder, nothing else.
    private static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !name.contains("\0")
    }

    static func damaged(_ path: String, _ number: Int, _ problem: String) -> DatasetError {
        DatasetError(name: path, problem: "line \(number) \(problem)", remedy: "correct the line")
    }
}
