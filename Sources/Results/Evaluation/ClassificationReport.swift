import Foundation

/// The table of precision, recall and F1 that scikit-learn's `classification_report` prints with two digits.
///
/// As there, a figure without a denominator is printed as 0.00.
public struct ClassificationReport: Hashable, Sendable, CustomStringConvertible {
    public let matrix: ConfusionMatrix
    public let classes: [String]

    public init(_ matrix: ConfusionMatrix, classes: [String]) {
        precondition(matrix.classes == classes.count, "report: \(matrix.classes) classes, \(classes.count) names")
        self.matrix = matrix
        self.classes = classes
    }

    public var description: String {
        let width = max("weighted avg".count, classes.map(\.unicodeScalars.count).max() ?? 0)
        let total = matrix.total
        let rows = classes.indices.map { Row(name: classes[$0], scores: ClassScores(of: $0, in: matrix)) }
        let blank = Self.padded("", to: 9)
        let titles = ["precision", "recall", "f1-score", "support"].map { " " + Self.padded($0, to: 9) }
        var lines = [Self.padded("", to: width) + " " + titles.joined(), ""]
        lines += rows.map { $0.line(width: width) }
        lines += [
            "",
            Self.padded("accuracy", to: width) + "  \(blank) \(blank)"
                + Self.number(matrix.accuracy.value ?? 0) + " " + Self.padded("\(total)", to: 9),
        ]
        lines.append(Row(name: "macro avg", rows: rows, support: total) { _ in 1 }.line(width: width))
        lines.append(Row(name: "weighted avg", rows: rows, support: total) { Double($0.support) }.line(width: width))
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Row {
        let name: String
        let figures: [Double]
        let support: Int

        init(name: String, scores: ClassScores) {
            self.name = name
            figures = [scores.precision ?? 0, scores.recall ?? 0, scores.f1 ?? 0]
            support = scores.support
        }

        /// The average of rows, each with its weight.
        init(name: String, rows: [Row], support: Int, weight: (Row) -> Double) {
            self.name = name
            self.support = support
            let sum = rows.reduce(0) { $0 + weight($1) }
            figures = (0..<3).map { column in
                sum > 0 ? rows.reduce(0) { $0 + $1.figures[column] * weight($1) } / sum : 0
            }
        }

        func line(width: Int) -> String {
            padded(name, to: width) + " " + figures.map(number).joined() + " " + padded("\(support)", to: 9)
        }
    }

    private static func number(_ value: Double) -> String { String(format: " %9.2f", value) }

    private static func padded(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
    }
}
