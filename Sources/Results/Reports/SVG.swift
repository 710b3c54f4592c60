import Foundation

/// A drawing, in points from the upper left corner. How its marks look, the names of `PlotStyle` say.
struct SVG {
    let width: Double
    let height: Double
    /// What a screen reader says.
    let title: String
    private var marks: [Mark] = []

    enum Anchor: String {
        case start, middle, end
    }

    private struct Mark {
        let name: String
        var attributes: [(name: String, value: String)]
        let style: String
        var text: String?

        /// As it stands in a page, whose style sheet knows the styles, or with all that they say.
        func element(isAlone: Bool) -> String {
            // What a mark says of itself is not said again.
            let looks = isAlone ? PlotStyle.attributes(of: style) : []
            let own = attributes.filter { attribute in !looks.contains { $0.name == attribute.name } }
            let all = (own + looks + [(name: "class", value: style)]).map { " \($0.name)=\"\($0.value)\"" }.joined()
            return text.map { "<\(name)\(all)>\($0.escaped)</\(name)>" } ?? "<\(name)\(all)/>"
        }
    }

    init(width: Double, height: Double, title: String) {
        self.width = width
        self.height = height
        self.title = title
    }

    mutating func line(from a: (x: Double, y: Double), to b: (x: Double, y: Double), style: String) {
        add("line", [("x1", a.x), ("y1", a.y), ("x2", b.x), ("y2", b.y)], style)
    }

    /// One line through each run of points; `closed` joins the last to the first and fills.
    mutating func path(_ runs: [[(x: Double, y: Double)]], style: String, closed: Bool = false) {
        let steps = runs.map { run in
            run.enumerated().map { ($0 == 0 ? "M" : "L") + "\(Self.n($1.x)) \(Self.n($1.y))" }.joined()
                + (closed ? "Z" : "")
        }
        marks.append(Mark(name: "path", attributes: [("d", steps.joined())], style: style))
    }

    mutating func circle(at center: (x: Double, y: Double), radius: Double, style: String) {
        add("circle", [("cx", center.x), ("cy", center.y), ("r", radius)], style)
    }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, corner: Double = 0, opacity: Double = 1, style: String
    ) {
        add(
            "rect",
            [("x", x), ("y", y), ("width", width), ("height", height), ("rx", corner), ("fill-opacity", opacity)], style
        )
    }

    /// `turned` is in degrees, clockwise around (x, y); a halo keeps what lies below from touching the letters.
    mutating func text(
        _ text: String, x: Double, y: Double, anchor: Anchor = .start, turned: Double = 0, hasHalo: Bool = false,
        style: String = "label"
    ) {
        var attributes = [("x", Self.n(x)), ("y", Self.n(y)), ("text-anchor", anchor.rawValue)]
        if turned != 0 { attributes.append(("transform", "rotate(\(Self.n(turned)) \(Self.n(x)) \(Self.n(y)))")) }
        let mark = Mark(name: "text", attributes: attributes, style: style, text: text)
        if hasHalo {
            // Not every reader can draw a text's outline below its letters.
            marks.append(
                Mark(
                    name: "text", attributes: attributes + [("aria-hidden", "true")], style: style + " halo", text: text
                ))
        }
        marks.append(mark)
    }

    private mutating func add(_ name: String, _ numbers: [(String, Double)], _ style: String) {
        marks.append(Mark(name: name, attributes: numbers.map { ($0, Self.n($1)) }, style: style))
    }

    /// The element as it stands in a page, which brings the style.
    var inline: String { element(isAlone: false) }

    /// A file of its own. Its colours are written out, and browsers, which know variables, take those of the palette.
    var file: String { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + element(isAlone: true) + "\n" }

    private func element(isAlone: Bool) -> String {
        var lines = ["<title>\(title.escaped)</title>"]
        if isAlone {
            // Readers that know a rule but not its variable would draw black; they do not know @supports either.
            lines.append("<style>\n@supports (color: var(--ink)) {\n\(Palette.css)\(PlotStyle.css)}\n</style>")
            let paper = [("width", "100%"), ("height", "100%")]
            lines.append(Mark(name: "rect", attributes: paper, style: "paper").element(isAlone: true))
        }
        lines += marks.map { $0.element(isAlone: isAlone) }
        let font = isAlone ? " font-family=\"\(PlotStyle.fontFamily)\"" : ""
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.n(width)) \(Self.n(height))" \
            width="\(Self.n(width))" height="\(Self.n(height))" role="img"\(font)>
            \(lines.joined(separator: "\n"))
            </svg>
            """
    }

    /// Hundredths of a point are enough.
    private static func n(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? String(format: "%.0f", rounded) : "\(rounded)"
    }
}
