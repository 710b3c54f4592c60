/// A table of the page, in HTML.
struct Table {
    var head: [String] = []
    let rows: [Row]
    /// Whether all columns but the first hold numbers.
    var isNumeric = true
    var style = ""

    struct Row {
        let name: String
        let cells: [String]
        let style: String

        init(_ name: String, _ cells: [String], style: String = "") {
            self.name = name
            self.cells = cells
            self.style = style
        }
    }

    var html: String {
        let kind = isNumeric ? " class=\"number\"" : ""
        let titles = head.enumerated().map { index, title in
            "<th scope=\"col\"\(index == 0 ? "" : kind)>\(title.escaped)</th>"
        }
        let lines = rows.map { row in
            "<tr\(Self.attribute(row.style))><th scope=\"row\">\(row.name.escaped)</th>"
                + row.cells.map { "<td\(kind)>\($0.escaped)</td>" }.joined() + "</tr>"
        }
        return """
            <div class="scroll"><table\(Self.attribute(style))>
            \(head.isEmpty ? "" : "<thead><tr>\(titles.joined())</tr></thead>")
            <tbody>
            \(lines.joined(separator: "\n"))
            </tbody>
            </table></div>
            """
    }

    private static func attribute(_ style: String) -> String { style.isEmpty ? "" : " class=\"\(style)\"" }
}
