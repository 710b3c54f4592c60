/// Comma-separated values as RFC 4180 has them, with line feeds.
package struct CSV: Hashable {
    package var rows: [[String]]

    package init(_ rows: [[String]]) { self.rows = rows }

    /// A cell with a comma, a quote or a line break is quoted, and its quotes are doubled.
    package var text: String {
        rows.map { $0.map(Self.quoted).joined(separator: ",") + "\n" }.joined()
    }

    private static func quoted(_ cell: String) -> String {
        let needsQuotes = cell.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }
        return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
    }

    /// Reads what `text` writes; also takes CRLF and a missing last line break. Never fails: a quote that is not
    /// closed ends with the text.
    package init(parsing text: String) {
        rows = []
        var row: [String] = []
        var cell = String.UnicodeScalarView()
        var isQuoted = false
        var scalars = text.unicodeScalars.makeIterator()
        var pending = scalars.next()
        while let scalar = pending {
            pending = scalars.next()
            switch scalar {
            case "\"" where isQuoted && pending == "\"":
                cell.append(scalar)
                pending = scalars.next()
            case "\"":
                isQuoted.toggle()
            case "," where !isQuoted:
                row.append(String(cell))
                cell = .init()
            case "\r" where !isQuoted && pending == "\n":
                continue
            case "\n" where !isQuoted:
                rows.append(row + [String(cell)])
                row = []
                cell = .init()
            default:
                cell.append(scalar)
            }
        }
        if !cell.isEmpty || !row.isEmpty { rows.append(row + [String(cell)]) }
    }
}
