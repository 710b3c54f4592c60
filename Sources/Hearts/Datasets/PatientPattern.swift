import Foundation

/// A regular expression with one group, which is the patient in a recording's name.
struct PatientPattern {
    let text: String
    private let expression: NSRegularExpression

    /// - Throws: `DatasetError` unless it is an expression with one group.
    init(_ text: String) throws {
        guard let expression = try? NSRegularExpression(pattern: text) else {
            throw DatasetError(
                name: "patient pattern \(text)", problem: "is no regular expression",
                remedy: "give one such as ^([^_]+)_")
        }
        guard expression.numberOfCaptureGroups == 1 else {
            throw DatasetError(
                name: "patient pattern \(text)",
                problem: "has \(expression.numberOfCaptureGroups) groups in parentheses",
                remedy: "give it one, which is the patient, such as ^([^_]+)_")
        }
        (self.text, self.expression) = (text, expression)
    }

    /// The patient of a recording; nil where the pattern does not fit. It is about the file's name, and, if it has a
    /// slash, about the path within the data folder.
    func patient(of recording: String) -> String? {
        let name = text.contains("/") ? recording : (recording as NSString).lastPathComponent
        guard let match = expression.firstMatch(in: name, range: NSRange(name.startIndex..., in: name)),
            let range = Range(match.range(at: 1), in: name), !range.isEmpty
        else { return nil }
        return String(name[range])
    }
}

extension PatientPattern {
    /// What is worth a try, the coarsest first: patients that are joined wrongly are a smaller harm than one on both
    /// sides.
    private static let candidates = [
        "^([^_]+)_", "^([^-]+)-", "^([^ ]+) ", "^([A-Za-z]*[0-9]+)[A-Za-z]", "^(.*[0-9].*)_[^_]+$",
        "^(.*[0-9].*)-[^-]+$",
        "([^/]+)/[^/]+$",
    ]

    /// A pattern that the names of recordings look made for, and how many recordings it joins to how many patients.
    static func proposal(for names: [String]) -> (pattern: PatientPattern, recordings: Int, patients: Int)? {
        // Class folders are no patients.
        let depths = Set(names.map { $0.count { $0 == "/" } })
        for text in candidates where text.first != "(" || depths.allSatisfy({ $0 >= 2 }) {
            guard let pattern = try? PatientPattern(text) else { continue }
            let found = names.compactMap(pattern.patient)
            let sizes = Dictionary(grouping: found, by: \.self).mapValues(\.count)
            let joined = sizes.values.filter { $0 > 1 }.reduce(0, +)
            // Most fit, most of these are several of one, and nobody was recorded absurdly often.
            if found.count * 10 >= names.count * 9, sizes.count >= 4, joined * 2 >= found.count,
                let most = sizes.values.max(), most <= max(8, names.count / 10)
            {
                return (pattern, joined, sizes.values.count { $0 > 1 })
            }
        }
        return nil
    }
}
