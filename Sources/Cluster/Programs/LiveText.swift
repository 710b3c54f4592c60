/// What a line on a terminal says, part by part. Where they have no place, those that matter least are left out.
package struct LiveText {
    package struct Part {
        let text: String
        /// The greatest is left out first, and 0 never.
        let rank: Int

        package init(_ text: String, rank: Int = 0) { (self.text, self.rank) = (text, rank) }
    }

    /// In the order shown.
    let parts: [Part]

    package init(_ parts: Part...) { self.parts = parts }

    /// All parts.
    var whole: String { Self.line(parts[...]) }

    /// As much as so many columns show.
    func fitted(to columns: Int) -> String {
        var shown = parts[...]
        while Self.line(shown).columns > columns, let most = shown.map(\.rank).max(), most > 0 {
            shown.removeAll { $0.rank == most }
        }
        return Self.line(shown).prefix(columns: columns)
    }

    private static func line(_ parts: ArraySlice<Part>) -> String { parts.map(\.text).joined(separator: "  ") }
}

extension String {
    /// How many columns of a terminal the text takes.
    fileprivate var columns: Int { reduce(0) { $0 + $1.columns } }

    /// What so many columns show of the text.
    fileprivate func prefix(columns: Int) -> String {
        var rest = columns
        return String(
            prefix {
                rest -= $0.columns
                return rest >= 0
            })
    }
}

extension Character {
    /// Two for the wide letters of East Asia and for pictures.
    fileprivate var columns: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
