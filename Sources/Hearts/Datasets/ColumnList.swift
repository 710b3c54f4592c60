import Foundation
import Tables

/// A list whose first row names the columns: in any order, whatever their case, with or without a colon at the end.
struct ColumnList {
    let path: String
    let rows: [DelimitedTable.Row]
    private let names: [String]
    private let columns: [String: Int]

    init(_ path: String) throws {
        let table = try Catalog.table(ofListAt: path)
        let header = (table.rows.first?.cells ?? []).map { $0.trimmingCharacters(in: .whitespaces.union([":"])) }
        let names = Array(header.prefix((header.lastIndex { !$0.isEmpty } ?? -1) + 1))
        for row in table.rows.dropFirst()
        where row.cells.count < names.count || row.cells.dropFirst(names.count).contains(where: { !$0.isEmpty }) {
            throw Catalog.damaged(
                path, row.line, "has \(row.cells.count) cells, the first line names \(names.count) columns")
        }
        self.path = path
        self.names = names
        rows = Array(table.rows.dropFirst())
        columns = Dictionary(zip(names.map { $0.lowercased() }, names.indices), uniquingKeysWith: { first, _ in first })
    }

    /// Whether there is a column of one of these names, given in lower case.
    func hasColumn(_ names: [String]) -> Bool { index(names) != nil }

    /// The value in the column of one of these names; nil where the column or the value is missing.
    func cell(_ names: [String], in row: DelimitedTable.Row) -> Cell? {
        guard let index = index(names), let text = row.cells[index].ifValue else { return nil }
        return Cell(text: text, path: path, line: row.line, column: self.names[index])
    }

    private func index(_ names: [String]) -> Int? { names.lazy.compactMap { columns[$0] }.first }
}
