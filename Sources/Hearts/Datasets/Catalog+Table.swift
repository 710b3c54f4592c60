import Foundation
import Tables

/// A table of recordings: columns `file` and `label`, and if need be `patient`, `site`, `location`, `part` and
/// `weight`.
struct RecordingsTable {
    /// What the columns may be called.
    private enum Column: String, CaseIterable {
        case file, label, patient, site, location, part, weight

        var names: Set<String> {
            switch self {
            case .file: ["file", "filename", "path", "filepath", "recording", "wav"]
            case .label: ["label", "class", "diagnosis", "target"]
            case .patient: ["patient", "patientid", "subject", "subjectid"]
            case .site: ["site", "group", "hospital", "database"]
            case .location: ["location", "position"]
            case .part: ["part", "split", "subset"]
            case .weight: ["weight"]
            }
        }
    }

    private let path: String
    private let folder: String
    private let rows: ArraySlice<DelimitedTable.Row>
    private let columns: [Column: Int]
    private let head: [String]

    init(path: String) throws {
        self.path = path
        folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let table = try Catalog.table(ofListAt: path)
        guard let first = table.rows.first else {
            throw DatasetError(
                name: path, problem: "is empty",
                remedy: "give a table with the columns file and label, a row for each recording")
        }
        head = first.cells
        rows = table.rows.dropFirst()
        var columns: [Column: Int] = [:]
        for (index, name) in head.enumerated() {
            let folded = Catalog.folded(name)
            guard let column = Column.allCases.first(where: { $0.names.contains(folded) }) else { continue }
            if let other = columns[column] {
                throw Catalog.damaged(
                    path, first.line, "has two columns for the \(column.rawValue), \(head[other]) and \(name)")
            }
            columns[column] = index
        }
        self.columns = columns
        for column in [Column.file, .label] where columns[column] == nil {
            throw DatasetError(
                name: path,
                problem: "line \(first.line) names no column \(column.rawValue), but \(head.joined(separator: ", "))",
                remedy: "begin the table with a line such as file,label,patient")
        }
    }

    /// Columns that say nothing to this program.
    var unreadColumns: [String] {
        let known = Set(columns.values)
        return head.indices.filter { !known.contains($0) && !head[$0].isEmpty }.map { head[$0] }
    }

    /// A row, checked.
    struct Row {
        let line: Int
        /// As it is written, with slashes where it was found so.
        let file: String
        /// Where it lies; nil where there is no such file.
        let path: String?
        /// Nil where the row has none.
        let label: String?
        let patient: String?
        let site: String?
        let location: String?
        let part: Part?
        let weight: Double
    }

    func read() throws -> [Row] {
        var folders: [String: FolderIndex] = [:]
        return try rows.map { row in
            let extra = row.cells.dropFirst(head.count).filter { !$0.isEmpty }
            guard extra.isEmpty else {
                throw Catalog.damaged(path, row.line, "has \(row.cells.count) cells, the first line \(head.count)")
            }
            func cell(_ column: Column) -> String? {
                columns[column].flatMap { $0 < row.cells.count ? row.cells[$0] : nil }.flatMap { $0.isEmpty ? nil : $0 }
            }
            func complaint(_ column: Column, _ problem: String) -> DatasetError {
                Catalog.damaged(path, row.line, "column \(head[columns[column]!]): \(problem)")
            }
            guard let file = cell(.file), !file.contains("\0") else { throw complaint(.file, "names no file") }
            let part = try cell(.part)?.ifValue.map { text in
                guard let part = Part(named: text) else {
                    throw complaint(.part, "\(text) is none of train, validation and test")
                }
                return part
            }
            let weight = try cell(.weight)?.ifValue.map { text in
                guard let weight = Double(text.replacing(",", with: ".")), weight == 0 || (1e-6...1e6).contains(weight)
                else {
                    throw complaint(.weight, "\(text) is no weight; give 0, or a number from 0.000001 to 1000000")
                }
                return weight
            }
            let found = find(file, &folders)
            return Row(
                line: row.line, file: found?.name ?? file, path: found?.path, label: cell(.label)?.labelValue,
                patient: cell(.patient)?.ifValue?.identifier, site: cell(.site)?.ifValue,
                location: cell(.location)?.ifValue,
                part: part, weight: weight ?? 1)
        }
    }

    /// The file that a cell names, and how it is named with slashes: as it is written, with slashes for backslashes, in
    /// any case, or without its ending.
    private func find(_ file: String, _ folders: inout [String: FolderIndex]) -> (name: String, path: String)? {
        let forms = file.contains("\\") ? [file, file.replacing("\\", with: "/")] : [file]
        for form in forms {
            let path = place(of: form)
            if FileManager.default.fileExists(atPath: path) { return (form, path) }
            let (parent, name) = ((path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent)
            if folders[parent] == nil { folders[parent] = FolderIndex((try? Folder(parent).files) ?? []) }
            if let found = folders[parent]?.file(name) { return (form, "\(parent)/\(found)") }
        }
        return nil
    }

    /// Where a file would lie that a cell names.
    func place(of file: String) -> String {
        URL(fileURLWithPath: file, relativeTo: URL(fileURLWithPath: folder, isDirectory: true)).path
    }

    /// The files of a folder by what they may be called.
    private struct FolderIndex {
        private let byName: [String: [String]]
        private let recordingsByStem: [String: [String]]

        init(_ files: [String]) {
            byName = Dictionary(grouping: files) { $0.lowercased() }
            recordingsByStem = Dictionary(
                grouping: files.filter { Catalog.content(ofFileAt: $0) != nil },
                by: { ($0 as NSString).deletingPathExtension })
        }

        /// The only one that is called so but for case, or but for its ending.
        func file(_ name: String) -> String? {
            for found in [byName[name.lowercased()], recordingsByStem[name]] {
                if let found, found.count == 1 { return found[0] }
            }
            return nil
        }
    }
}

extension String {
    /// A class may be called 0, none or -, but not nothing, and not what programs write where they have no value.
    fileprivate var labelValue: String? { ["nan", "#n/a", "<na>", "n/a", "null"].contains(lowercased()) ? nil : self }
}

extension Catalog {
    /// The recordings that a table lists, relative to its folder; the classes are its labels in sorted order.
    init(tableAt path: String, fewestClasses: Int) throws {
        let table = try RecordingsTable(path: path)
        let rows = try table.read()
        self.init(classes: Set(rows.compactMap(\.label)).sorted(), entries: [])
        try Self.refuseAlike(rows, path)
        guard classes.count >= fewestClasses else {
            throw DatasetError(
                name: path,
                problem: classes.isEmpty ? "lists no recordings" : "all of its recordings are \(classes[0])",
                remedy: "list recordings of at least two classes")
        }
        let labels = Dictionary(uniqueKeysWithValues: zip(classes, classes.indices))
        var lines: [String: RecordingsTable.Row] = [:]
        var repeated = 0
        for row in rows {
            let place = row.path ?? row.file
            if let earlier = lines[place] {
                guard earlier.label == row.label, earlier.patient == row.patient, earlier.part == row.part else {
                    throw Self.damaged(path, row.line, "lists \(row.file) in another way than line \(earlier.line)")
                }
                repeated += 1
                continue
            }
            lines[place] = row
            guard let label = row.label.flatMap({ labels[$0] }) else {
                unlabelled.append(
                    SkippedFile(
                        path: place, reason: "\(row.file): listed in line \(row.line) of \(path) without a label"))
                continue
            }
            let list = URL(fileURLWithPath: path).lastPathComponent
            let content: Content =
                row.path.map { Self.content(ofFileAt: $0) ?? .sound(path: $0) }
                ?? .missing(path: table.place(of: row.file), list: "line \(row.line) of \(list)")
            entries.append(
                Entry(
                    name: row.file, label: label, group: row.site, subject: row.patient, location: row.location,
                    part: row.part, weight: row.weight, content: content))
        }
        if repeated > 0 { notes.append("\(repeated) rows of the table list a file once more; it counts once") }
        let unread = table.unreadColumns
        if !unread.isEmpty { notes.append("columns of the table that are not read: \(unread.joined(separator: ", "))") }
        noteUnlisted(besides: Set(lines.values.compactMap(\.path)))
    }

    /// Labels that differ by case or blanks alone are a slip of the pen.
    private static func refuseAlike(_ rows: [RecordingsTable.Row], _ path: String) throws {
        var first: [String: RecordingsTable.Row] = [:]
        for row in rows {
            guard let label = row.label else { continue }
            guard let other = first[folded(label)] else {
                first[folded(label)] = row
                continue
            }
            if let known = other.label, known != label {
                throw damaged(
                    path, row.line,
                    "column label: \(label) and \(known), of line \(other.line), differ by case or blanks alone")
            }
        }
    }

    /// Recordings in the folders of what the table lists that it does not list.
    private mutating func noteUnlisted(besides listed: Set<String>) {
        let folders = Set(listed.map { ($0 as NSString).deletingLastPathComponent }).sorted()
        for folder in folders {
            for file in (try? Folder(folder).files) ?? [] where Self.content(ofFileAt: file) != nil {
                if !listed.contains("\(folder)/\(file)") { unlisted.append("\(folder)/\(file)") }
            }
        }
    }
}
