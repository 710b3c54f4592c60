import Evaluation

/// A confusion matrix as tinted cells: the deeper a cell, the greater its share of the true class.
struct ConfusionPlot {
    let matrix: ConfusionMatrix
    let classes: [String]

    private var cell: Double { min(max(300 / Double(classes.count), 46), 120) }
    private var longest: Double { Double(classes.map(\.count).max() ?? 0) * 6.6 }
    private var left: Double { min(longest, 150) + 40 }
    /// Names too long for a column are written at a slant.
    private var isSlanted: Bool { longest > cell }
    private var bottom: Double { (isSlanted ? min(longest, 150) * 0.7 : 10) + 44 }

    var drawing: SVG {
        let side = cell * Double(classes.count)
        let top = 8.0
        var svg = SVG(
            width: left + side + 12, height: top + side + bottom,
            title: "Confusion matrix: rows are true classes, columns predicted ones")
        for (row, name) in classes.enumerated() {
            let middle = top + (Double(row) + 0.5) * cell
            svg.text(Self.shortened(name), x: left - 10, y: middle + 4, anchor: .end)
            for column in classes.indices { draw(row: row, column: column, top: top, on: &svg) }
        }
        for (column, name) in classes.enumerated() {
            let middle = left + (Double(column) + 0.5) * cell
            svg.text(
                Self.shortened(name), x: middle, y: top + side + 20, anchor: isSlanted ? .end : .middle,
                turned: isSlanted ? -40 : 0)
        }
        svg.text(
            "predicted class", x: left + side / 2, y: top + side + bottom - 6, anchor: .middle, style: "label name")
        svg.text("true class", x: 14, y: top + side / 2, anchor: .middle, turned: -90, style: "label name")
        return svg
    }

    private func draw(row: Int, column: Int, top: Double, on svg: inout SVG) {
        let count = matrix.rows[row][column]
        let support = matrix.support(of: row)
        let share = support > 0 ? Double(count) / Double(support) : 0
        let (x, y) = (left + Double(column) * cell, top + Double(row) * cell)
        svg.rectangle(
            x: x + 1.5, y: y + 1.5, width: cell - 3, height: cell - 3, corner: 4, opacity: 0.06 + 0.94 * share,
            style: row == column ? "cell s0" : "cell s1")
        let ink = share > 0.75 ? " inverse" : ""
        svg.text("\(count)", x: x + cell / 2, y: y + cell / 2 + 2, anchor: .middle, style: "count" + ink)
        svg.text(
            support > 0 ? FigureText.fixed(share * 100, decimals: 0) + " %" : "", x: x + cell / 2,
            y: y + cell / 2 + 18, anchor: .middle, style: "label name" + ink)
    }

    private static func shortened(_ name: String) -> String {
        name.count > 24 ? name.prefix(23) + "…" : name
    }
}
