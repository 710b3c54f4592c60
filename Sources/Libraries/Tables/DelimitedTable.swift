import Foundation

/// A table of text as people and spreadsheets save it: cells between commas, semicolons or tabs, any line ends, with or
/// without a byte order mark, in UTF-8, UTF-16 or Windows-1252.
///
/// Cells are without the blanks around them. Rows without a filled cell are left out.
package struct DelimitedTable: Hashable, Sendable {
    /// A row, and the number of the line that it begins in, counted from 1.
    package struct Row: Hashable, Sendable {
        package let line: Int
        package let cells: [String]
    }

    package let rows: [Row]

    /// The line of a quote that nothing closes; nil where all are closed. What follows it is one cell.
    package let openQuoteLine: Int?

    package init(_ data: Data) { self.init(text: Self.text(of: data)) }

    /// Never fails; what is wrong with a table is for those to say who know what it should hold.
    package init(text: String) {
        var scanner = Scanner(Self.withoutMark(text))
        scanner.scan()
        rows = scanner.rows
        openQuoteLine = scanner.quoteLine
    }

    /// The text of a file: by its byte order mark, else UTF-8, else, where it is none, Windows-1252.
    package static func text(of data: Data) -> String {
        let head = Array(data.prefix(2))
        if head == [0xFF, 0xFE] || head == [0xFE, 0xFF] {
            return String(decoding: utf16(data.dropFirst(2), isLittleEndian: head[0] == 0xFF), as: UTF16.self)
        }
        return withoutMark(
            String(validating: data, as: UTF8.self) ?? String(data: data, encoding: .windowsCP1252)
                ?? String(decoding: data, as: UTF8.self))
    }

    private static func utf16(_ bytes: Data, isLittleEndian: Bool) -> [UInt16] {
        let bytes = Array(bytes)
        return stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return isLittleEndian ? second << 8 | first : first << 8 | second
        }
    }

    private static func withoutMark(_ text: String) -> String {
        text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }
}

extension DelimitedTable {
    /// Cuts a text into rows of cells.
    private struct Scanner {
        private(set) var rows: [Row] = []
        private(set) var quoteLine: Int?
        private let scalars: String.UnicodeScalarView
        private var delimiter: Unicode.Scalar
        private var line = 1
        private var rowLine = 1
        private var cells: [String] = []
        private var cell = String.UnicodeScalarView()

        init(_ text: String) {
            scalars = text.unicodeScalars
            delimiter = Self.delimiter(of: scalars)
        }

        mutating func scan() {
            var iterator = scalars.makeIterator()
            var pending = iterator.next()
            while let scalar = pending {
                pending = iterator.next()
                let isBreak = scalar == "\n" || (scalar == "\r" && pending != "\n")
                if isBreak { line += 1 }
                switch scalar {
                case "\"" where quoteLine != nil && pending == "\"":
                    cell.append(scalar)
                    pending = iterator.next()
                case "\"" where quoteLine != nil: quoteLine = nil
                case "\"" where cell.allSatisfy(\.properties.isWhitespace): quoteLine = line
                case _ where quoteLine != nil: cell.append(scalar)
                case delimiter: endCell()
                case _ where isBreak: endRow()
                case "\r": continue
                default: cell.append(scalar)
                }
            }
            endRow()
        }

        private mutating func endCell() {
            cells.append(String(cell).trimmingCharacters(in: .whitespacesAndNewlines))
            cell = .init()
        }

        private mutating func endRow() {
            endCell()
            // A spreadsheet may say in the first line what stands between the cells.
            let saysDelimiter = rows.isEmpty && cells.first?.lowercased().hasPrefix("sep=") == true
            if cells.contains(where: { !$0.isEmpty }) && !saysDelimiter {
                rows.append(Row(line: rowLine, cells: cells))
            }
            cells = []
            rowLine = line
        }

        /// What is most frequent in the first line that holds text: comma, semicolon or tab; a comma where none is.
        private static func delimiter(of scalars: String.UnicodeScalarView) -> Unicode.Scalar {
            var counts: [Unicode.Scalar: Int] = [:]
            var isQuoted = false
            var hasText = false
            for scalar in scalars {
                if scalar == "\"" { isQuoted.toggle() }
                if (scalar == "\n" || scalar == "\r") && !isQuoted {
                    if hasText { break }
                } else if !scalar.properties.isWhitespace {
                    hasText = true
                }
                if !isQuoted { counts[scalar, default: 0] += 1 }
            }
            return [",", ";", "\t"].reduce(",") { counts[$1, default: 0] > counts[$0, default: 0] ? $1 : $0 }
        }
    }
}

extension String {
    /// An identifier as it was before a program took it for a number: 12 of 12.0, which is written so where some are
    /// missing.
    package var identifier: String {
        hasSuffix(".0") && count > 2 && dropLast(2).allSatisfy(\.isNumber) ? String(dropLast(2)) : self
    }

    /// Nil for a cell that programs write where they have no value: nothing, nan, NA, None, null, N/A and the like.
    package var ifValue: String? {
        let nothing = ["", "nan", "na", "n/a", "#n/a", "<na>", "none", "null", "nil", "-", "--", "?", "."]
        return nothing.contains(lowercased()) ? nil : self
    }
}
