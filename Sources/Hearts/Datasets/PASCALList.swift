import Foundation
import Tables

/// A list of the PASCAL challenge: columns fname and label, the label empty where the challenge keeps it to itself.
struct PASCALList {
    struct Row {
        let line: Int

        /// A file's, not always with its very letters.
        let name: String
        let label: String?
    }

    let path: String
    let rows: [Row]

    init(_ path: String) throws {
        let list = try ColumnList(path)
        for name in ["fname", "label"] where !list.hasColumn([name]) {
            throw DatasetError(name: path, problem: "has no column \(name)", remedy: "restore the published file")
        }
        self.path = path
        rows = try list.rows.map { row in
            guard let cell = list.cell(["fname"], in: row) else {
                throw Catalog.damaged(path, row.line, "names no file in column fname")
            }
            let name = cell.text.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
            guard Catalog.isFileName(name) else { throw cell.damaged("which is no file's name") }
            let label = list.cell(["label"], in: row)
            guard label?.text.contains(where: { $0.isNewline || $0 == "\0" || $0 == "/" }) != true else {
                throw label!.damaged("which is no class's name")
            }
            return Row(line: row.line, name: name, label: label?.text)
        }
    }
}

/// What the name of a recording of PASCAL says: extrastole__127_1306764300147_C2 is of person 127.
///
/// The list says Btraining_extrastole_127_1306764300147_C2 to it, Btraining_normal_Btraining_noisynormal_101_... to
/// normal_noisynormal_101_..., and __201012172010 to Aunlabelledtest__201012172010.
struct PASCALName {
    /// Equal for all names of a recording.
    let key: String

    /// The number before the time; nil where there is none.
    let person: String?

    init(_ name: String) {
        let words = name.split(separator: "_")
        let numbers = words.firstIndex(where: Self.isNumber) ?? words.endIndex
        var kind = numbers > words.startIndex ? words[numbers - 1].lowercased() : ""
        if kind.contains("unlabelled") { kind = "" }
        if kind.hasPrefix("noisy") { kind = String(kind.dropFirst(5)) }
        key = ([kind] + words[numbers...].map { $0.lowercased() }).joined(separator: "_")
        let isDated = numbers + 1 < words.endIndex && Self.isNumber(words[numbers + 1])
        person = isDated ? String(words[numbers]) : nil
    }

    private static func isNumber(_ word: Substring) -> Bool { word.utf8.allSatisfy { (48...57).contains($0) } }
}

/// A folder of an archive of the challenge: Atraining_murmur or, as one of them is called, "Training B Normal".
struct PASCALArchive {
    let folder: String
    let set: String
    let className: String

    /// Nil where the name is none of a class of the challenge.
    init?(_ folder: String) {
        let words = folder.lowercased().split(whereSeparator: { $0 == "_" || $0 == " " }).map(String.init)
        let isNamed = words.count == 2 && ["atraining", "btraining"].contains(words[0])
        let isSpelt = words.count == 3 && words[0] == "training" && ["a", "b"].contains(words[1])
        guard isNamed || isSpelt, let kind = words.last else { return nil }
        self.folder = folder
        set = (isNamed ? words[0] : words[1]).hasPrefix("a") ? "set_a" : "set_b"
        className = kind.hasPrefix("noisy") ? String(kind.dropFirst(5)) : kind
    }
}
