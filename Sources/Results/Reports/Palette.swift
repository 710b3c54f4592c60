/// The colours of report and plots, in light and dark. They keep apart for colour-blind eyes.
enum Palette {
    /// How many colours of lines there are: `s0`, `s1`, …
    static let lines = 6

    private static let all = [
        (name: "page", light: "#f4f6f8", dark: "#0e141a"), (name: "paper", light: "#ffffff", dark: "#161f28"),
        (name: "ink", light: "#17212c", dark: "#e4eaf0"), (name: "muted", light: "#5a6776", dark: "#95a3b3"),
        (name: "rule", light: "#dfe4ea", dark: "#2b3743"),
        (name: "s0", light: "#1d6cae", dark: "#6bb0ea"), (name: "s1", light: "#c44e2b", dark: "#f08f6b"),
        (name: "s2", light: "#23866a", dark: "#5cc7a3"), (name: "s3", light: "#8457bd", dark: "#b89bea"),
        (name: "s4", light: "#a37a00", dark: "#dcb84e"), (name: "s5", light: "#b83a77", dark: "#ee86b5"),
        (name: "sound", light: "#1f7d56", dark: "#5cc78f"), (name: "doubtful", light: "#b04a1c", dark: "#f0a06b"),
    ]

    static func light(_ name: String) -> String { all.first { $0.name == name }!.light }

    /// The colours as variables, dark where the reader's screen is.
    static let css = """
        :root { color-scheme: light dark; \(all.map { "--\($0.name): \($0.light);" }.joined(separator: " ")) }
        @media screen and (prefers-color-scheme: dark) {
          :root { \(all.map { "--\($0.name): \($0.dark);" }.joined(separator: " ")) }
        }

        """
}
