import Foundation

/// A drawing, in points from the upper left corner. Colours come from the classes of `StyleSheet`.
struct SVG {
    let width: Double
    let height: Double
    /// What a screen reader says.
    let title: String
    private var elements: [String] = []

    enum Anchor: String {
        case start, middle, end
    }

    init(width: Double, height: Double, title: String) {
        self.width = width
        self.height = height
        self.title = title
    }

    mutating func line(from a: (x: Double, y: Double), to b: (x: Double, y: Double), style: String) {
        elements.append(
            "<line x1=\"\(Self.n(a.x))\" y1=\"\(Self.n(a.y))\" x2=\"\(Self.n(b.x))\" y2=\"\(Self.n(b.y))\" "
                + "class=\"\(style)\"/>")
    }

    /// One line through each run of points; `closed` joins the last to the first and fills.
    mutating func path(_ runs: [[(x: Double, y: Double)]], style: String, closed: Bool = false) {
        let steps = runs.map { run in
            run.enumerated().map { ($0 == 0 ? "M" : "L") + "\(Self.n($1.x)) \(Self.n($1.y))" }.joined()
                + (closed ? "Z" : "")
        }
        elements.append("<path d=\"\(steps.joined())\" class=\"\(style)\"/>")
    }

    mutating func circle(at center: (x: Double, y: Double), radius: Double, style: String) {
        elements.append(
            "<circle cx=\"\(Self.n(center.x))\" cy=\"\(Self.n(center.y))\" r=\"\(Self.n(radius))\" "
                + "class=\"\(style)\"/>")
    }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, corner: Double = 0, opacity: Double = 1, style: String
    ) {
        elements.append(
            "<rect x=\"\(Self.n(x))\" y=\"\(Self.n(y))\" width=\"\(Self.n(width))\" height=\"\(Self.n(height))\" "
                + "rx=\"\(Self.n(corner))\" fill-opacity=\"\(Self.n(opacity))\" class=\"\(style)\"/>")
    }

    /// `turned` is in degrees, clockwise around (x, y).
    mutating func text(
        _ text: String, x: Double, y: Double, anchor: Anchor = .start, turned: Double = 0, style: String = "label"
    ) {
        let turn = turned == 0 ? "" : " transform=\"rotate(\(Self.n(turned)) \(Self.n(x)) \(Self.n(y)))\""
        elements.append(
            "<text x=\"\(Self.n(x))\" y=\"\(Self.n(y))\" text-anchor=\"\(anchor.rawValue)\"\(turn) "
                + "class=\"\(style)\">\(text.escaped)</text>")
    }

    /// The element as it stands in a page, which brings the style.
    var inline: String { element(style: "") }

    /// A file of its own.
    var file: String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + element(
                style: "<style>\n\(StyleSheet.palette)\(StyleSheet.plots)</style>\n"
                    + "<rect width=\"100%\" height=\"100%\" class=\"paper\"/>\n") + "\n"
    }

    private func element(style: String) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.n(width)) \(Self.n(height))" \
        width="\(Self.n(width))" height="\(Self.n(height))" role="img">
        <title>\(title.escaped)</title>
        \(style)\(elements.joined(separator: "\n"))
        </svg>
        """
    }

    /// Hundredths of a point are enough.
    private static func n(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? String(format: "%.0f", rounded) : "\(rounded)"
    }
}
