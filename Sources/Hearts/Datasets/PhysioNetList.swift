import Tables

/// A list of a PhysioNet site: recordings with their classes, and with their quality where there is a third column.
struct PhysioNetList {
    struct Row {
        let line: Int
        let name: String

        /// Nil where it is not known: the class is 0, which is unsure, or there is none.
        let label: Int?

        /// Whether the sound is of good quality; nil where the list does not say.
        let isGood: Bool?
    }

    private(set) var rows: [Row] = []

    /// - Parameter sounds: Those of the list's folder.
    init(_ path: String, _ sounds: SoundNames) throws {
        let table = try Catalog.table(ofListAt: path)
        for (index, row) in table.rows.enumerated() where index > 0 || !Self.isHeader(row.cells, sounds) {
            rows.append(try Self.parse(row, path, sounds))
        }
        if let zero = table.rows.first(where: { $0.cells.count > 1 && Double($0.cells[1]) == 0 }),
            !rows.contains(where: { $0.label == Catalog.normal })
        {
            throw Catalog.damaged(
                path, zero.line, "has the class 0, and none has -1: normal is -1, abnormal 1, and 0 is unsure")
        }
    }

    /// A first line with words in place of a class, and of no file.
    private static func isHeader(_ cells: [String], _ sounds: SoundNames) -> Bool {
        guard cells.count > 1, let word = cells[1].ifValue, sounds.file(sounds.name(cells[0])) == nil else {
            return false
        }
        return label(of: word) == nil && word.contains(where: \.isLetter)
    }

    /// A line is a recording's name, -1 for normal, 1 for abnormal or 0 for unsure, and perhaps 0 or 1 for the quality.
    private static func parse(_ row: DelimitedTable.Row, _ path: String, _ sounds: SoundNames) throws -> Row {
        let cells = row.cells
        guard cells.count > 1, cells.dropFirst(3).allSatisfy(\.isEmpty) else {
            throw Catalog.damaged(path, row.line, "is not a name, a comma and -1 or 1")
        }
        guard Catalog.isFileName(cells[0]) else {
            throw Catalog.damaged(path, row.line, "does not name a recording in its folder")
        }
        func cell(_ index: Int, _ column: String) -> Cell? {
            guard index < cells.count, let text = cells[index].ifValue else { return nil }
            return Cell(text: text, path: path, line: row.line, column: column)
        }
        var known: Int?
        if let diagnosis = cell(1, "its class") {
            guard let label = label(of: diagnosis.text) else {
                throw diagnosis.damaged("which is neither -1 for normal nor 1 for abnormal")
            }
            known = label
        }
        let isGood = try cell(2, "its quality").map { quality in
            guard let value = Double(quality.text), value == 0 || value == 1 else {
                throw quality.damaged("which is neither 0 for poor nor 1 for good")
            }
            return value == 1
        }
        return Row(line: row.line, name: sounds.name(cells[0]), label: known, isGood: isGood)
    }

    /// The class that a cell says, nil within for unsure; nil where it says none.
    private static func label(of text: String) -> Int?? {
        switch text.lowercased() {
        case "normal": .some(Catalog.normal)
        case "abnormal": .some(Catalog.abnormal)
        default:
            switch Double(text) {
            case -1: .some(Catalog.normal)
            case 1: .some(Catalog.abnormal)
            case 0: .some(nil)
            default: nil
            }
        }
    }
}
