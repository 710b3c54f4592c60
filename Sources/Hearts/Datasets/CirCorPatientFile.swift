import Foundation
import Tables

/// What CirCor's PATIENT.txt says: in its first line the patient, in others the locations, and `#Outcome: Normal`.
struct CirCorPatientFile {
    let path: String

    /// Nil where the file is empty.
    let id: String?
    let locations: [Cell]
    private let cells: [String: Cell]

    init(_ path: String) throws {
        var words: [Cell] = []
        var cells: [String: Cell] = [:]
        let lines = try Catalog.text(ofListAt: path).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("#") {
                let parts = line.dropFirst().split(separator: ":", maxSplits: 1).map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                guard parts.count == 2, let text = parts[1].ifValue, cells[parts[0].lowercased()] == nil else {
                    continue
                }
                cells[parts[0].lowercased()] = Cell(text: text, path: path, line: index + 1, column: "#\(parts[0])")
            } else if let word = line.split(whereSeparator: \.isWhitespace).first {
                words.append(Cell(text: String(word), path: path, line: index + 1, column: "a location"))
            }
        }
        self.path = path
        self.cells = cells
        id = words.first?.text
        locations = Array(words.dropFirst())
    }

    func cell(_ names: [String]) -> Cell? { names.lazy.compactMap { cells[$0] }.first }
}

/// What the list and the patient's own file say together.
struct CirCorStatements {
    let row: (list: ColumnList, row: DelimitedTable.Row)?
    let ownPath: String

    /// Nil where it is not there, or not needed.
    let own: CirCorPatientFile?

    /// The list goes first; where it has a column, an empty cell is an answer.
    func cell(_ names: [String]) -> Cell? {
        guard let row, row.list.hasColumn(names) else { return own?.cell(names) }
        return row.list.cell(names, in: row.row)
    }

    /// A value that there must be, in the list or, where the list has none, in the patient's own file.
    func needed(_ names: [String], called name: String) throws -> Cell {
        if let cell = cell(names) ?? own?.cell(names) { return cell }
        let remedy = "restore the published file"
        guard let row else { throw DatasetError(name: ownPath, problem: "has no line #\(name):", remedy: remedy) }
        let file = (ownPath as NSString).lastPathComponent
        let lack = own == nil ? "\(file) is not there" : "\(file) has no line #\(name):"
        guard row.list.hasColumn(names) else {
            throw DatasetError(name: row.list.path, problem: "has no column \(name), and \(lack)", remedy: remedy)
        }
        throw Catalog.damaged(row.list.path, row.row.line, "has no value for \(name), and \(lack)")
    }

    /// Where recordings were made; nil where nobody says.
    func locations() throws -> [String]? {
        let names = CirCorPatient.Key.locations
        if let cell = cell(names) ?? own?.cell(names) { return try CirCorPatient.locations(in: cell) }
        guard let own, !own.locations.isEmpty else { return nil }
        guard own.locations.count <= 64 else { throw own.locations[64].damaged("which is one too many") }
        return try own.locations.flatMap { try CirCorPatient.locations(in: $0) }
    }
}
