import Evaluation
import Foundation

/// How figures read on the page. What is not known is a dash.
enum FigureText {
    static func score(_ value: Double?) -> String { fixed(value, decimals: 3) }

    static func percent(_ value: Double?) -> String {
        value.map { fixed($0 * 100, decimals: 1) + " %" } ?? "–"
    }

    /// Both ends, the unit once.
    static func range(_ interval: ConfidenceInterval, _ text: (Double?) -> String) -> String {
        "\(text(interval.lower).replacing(" %", with: ""))–\(text(interval.upper))"
    }

    static func fixed(_ value: Double?, decimals: Int) -> String {
        guard let value, value.isFinite else { return "–" }
        return String(format: "%.\(decimals)f", value)
    }
}

extension String {
    /// The text as it stands in HTML or SVG. Characters that XML forbids become replacement characters.
    var escaped: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            case "\0"..<" ", "\u{7F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
