/// How a kind of mark in a plot looks.
///
/// From one table come the style sheet of a page, which follows its palette, and the attributes of a file of its own,
/// whose colours any reader of SVG knows.
struct PlotStyle {
    let name: String
    /// Properties of SVG, in CSS and as attributes alike.
    let properties: [(name: String, value: Value)]

    enum Value {
        case colour(String)
        /// The colour that another style of the mark names.
        case own
        case text(String)
    }

    /// Names of colours, which marks take on with `own`.
    private static let colours =
        (0..<Palette.lines).map { (name: "s\($0)", colour: "s\($0)") }
        + [(name: "s\(Palette.lines)", colour: "muted")]

    /// What stands further below rules over what stands above.
    private static let all: [PlotStyle] = [
        PlotStyle(name: "grid", properties: [("stroke", .colour("rule")), ("stroke-width", .text("1"))]),
        PlotStyle(name: "axis", properties: [("stroke", .colour("muted")), ("stroke-width", .text("1"))]),
        PlotStyle(
            name: "line",
            properties: [
                ("stroke", .own), ("stroke-width", .text("2")), ("fill", .text("none")),
                ("stroke-linejoin", .text("round")), ("stroke-linecap", .text("round")),
            ]),
        PlotStyle(name: "dashed", properties: [("stroke-dasharray", .text("5 5")), ("stroke-width", .text("1.5"))]),
        PlotStyle(
            name: "area", properties: [("fill", .own), ("fill-opacity", .text("0.1")), ("stroke", .text("none"))]),
        PlotStyle(name: "dot", properties: [("fill", .own)]),
        PlotStyle(name: "cell", properties: [("fill", .own)]),
        PlotStyle(
            name: "ring", properties: [("fill", .colour("paper")), ("stroke", .own), ("stroke-width", .text("2"))]),
        PlotStyle(name: "label", properties: [("font-size", .text("12px")), ("fill", .colour("muted"))]),
        PlotStyle(name: "name", properties: [("fill", .colour("ink"))]),
        PlotStyle(
            name: "halo",
            properties: [
                ("fill", .colour("paper")), ("stroke", .colour("paper")), ("stroke-width", .text("4px")),
                ("stroke-linejoin", .text("round")),
            ]),
        PlotStyle(
            name: "count",
            properties: [("font-size", .text("17px")), ("font-weight", .text("600")), ("fill", .colour("ink"))]),
        PlotStyle(name: "paper", properties: [("fill", .colour("paper"))]),
        PlotStyle(name: "inverse", properties: [("fill", .colour("paper"))]),
    ]

    static let fontFamily = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

    /// The rules for all marks of plots.
    static let css = """
        svg { font-family: \(fontFamily); }
        svg text { font-variant-numeric: tabular-nums; }
        \(colours.map { ".\($0.name) { color: var(--\($0.colour)); }" }.joined(separator: "\n"))
        \(all.map(\.rule).joined(separator: "\n"))

        """

    private var rule: String {
        let declarations = properties.map { name, value in
            switch value {
            case .colour(let colour): "\(name): var(--\(colour));"
            case .own: "\(name): currentColor;"
            case .text(let text): "\(name): \(text);"
            }
        }
        return ".\(name) { \(declarations.joined(separator: " ")) }"
    }

    /// What the rules say of a mark with these styles, in light, as attributes in the order of their names.
    static func attributes(of styles: String) -> [(name: String, value: String)] {
        let names = styles.split(separator: " ").map(String.init)
        let own = colours.last { names.contains($0.name) }?.colour ?? "ink"
        var values: [String: String] = [:]
        for style in all where names.contains(style.name) {
            for (name, value) in style.properties {
                switch value {
                case .colour(let colour): values[name] = Palette.light(colour)
                case .own: values[name] = Palette.light(own)
                case .text(let text): values[name] = text
                }
            }
        }
        return values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }
}
