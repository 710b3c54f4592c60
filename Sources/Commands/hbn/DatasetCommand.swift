import ArgumentParser
import Datasets
import Evaluation
import Foundation
import Programs
import Runs
import Training
import TrainingData

/// `hbn dataset`: what is known of recordings before anything is trained on them.
struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset", abstract: "Look into data before training on it.",
        subcommands: [DatasetCheckCommand.self])
}

/// `hbn dataset check`: counts, lengths, and whatever would make scores untrustworthy.
struct DatasetCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Count recordings, and find broken, silent, clipped, short and equal ones.",
        discussion: """
            Windows and split are those of a run of hbn-coordinator with the same options. Recordings are equal where \
            the decoded samples are; they stand on one side of the split. The exit code is 65 where files are broken, or \
            equal in several classes.
            """)

    @Argument(
        help: "A table of recordings, a folder of class folders, or of PhysioNet 2016, CirCor 2022 or PASCAL 2011.")
    var data: String

    @Option(help: "Data of its own to validate with.")
    var validationData: String?

    @Option(help: "Data of its own for the test.")
    var testData: String?

    @OptionGroup var labelling: LabellingOptions

    @Option(help: "Seconds of a window; 0 takes whole recordings (default: those of the preset quick).")
    var windowSeconds: Double?

    @Option(help: "The share of the recordings that is never trained on.")
    var validationFraction = Preset.quick.configuration.validationFraction

    @Option(help: "Decides the split.")
    var seed = Preset.quick.configuration.seed

    @Flag(help: "Print JSON.")
    var json = false

    /// So many findings of a kind are printed.
    private static let shown = 10

    func validate() throws {
        guard (0..<1).contains(validationFraction) else {
            throw ValidationError("--validation-fraction: \(validationFraction) is no share; give 0.2, for example")
        }
        if let windowSeconds, !(0...3600).contains(windowSeconds) {
            throw ValidationError(
                "--window-seconds: give 0 for whole recordings, or at most 3600, not \(windowSeconds)")
        }
    }

    func run() throws {
        try reportingFailures {
            var settings = Preset.quick.configuration.dataset
            if let windowSeconds { settings.windowSeconds = windowSeconds > 0 ? windowSeconds : nil }
            let check = try DatasetCheck(
                DataSelection(
                    .path(data), labelling: labelling.labelling, validation: validationData, test: testData),
                settings: settings, validationFraction: validationFraction, seed: seed)
            if json {
                try printJSON(Report(check: check, question: Self.question(of: check)))
            } else {
                printTables(check, settings)
            }
            let faults = Finding.Kind.allCases.filter(\.isFault).compactMap { kind in
                let count = check.findings.count { $0.kind == kind }
                return count > 0 ? "\(count) \(kind.rawValue)" : nil
            }
            guard faults.isEmpty else {
                let found = faults.joined(separator: ", ")
                throw RunFailure(.badData, "\(data): \(found); mend or remove these files before training on them")
            }
        }
    }

    private func printTables(_ check: DatasetCheck, _ settings: DatasetSettings) {
        let all = check.classes.reduce(0) { $0 + $1.recordings }
        let windows = settings.windowSeconds.map { "windows of \($0) s" } ?? "whole recordings"
        print("\(data.onOneLine): \(all.grouped) recordings, cut as a quick run does into \(windows)\n")
        printParts(check)
        printCounts("sample rates", "Hz", check.sampleRates)
        printCounts("channels", "", check.channels)
        print(
            "split of seed \(seed): \(check.training.grouped) train, \(check.validation.grouped) validate"
                + (check.test > 0 ? ", \(check.test.grouped) test" : ""))
        print("split \(check.unit)" + (check.patients > 0 ? "; \(check.patients.grouped) patients" : ""))
        let question = Self.question(of: check)
        print(
            "looked for: "
                + (question?.onOneLine
                    ?? (check.classes.count == 2
                        ? "not known; a run needs --positive-class" : "each class, against the others"))
        )
        for kind in Finding.Kind.allCases {
            let findings = check.findings.filter { $0.kind == kind }
            for finding in findings.prefix(Self.shown) { print("\(kind.rawValue): \(finding.text.onOneLine)") }
            if findings.count > Self.shown {
                print("\(kind.rawValue): and \((findings.count - Self.shown).grouped) more")
            }
        }
        if check.findings.allSatisfy({ $0.kind == .note || $0.kind == .passedOver }) {
            print(check.findings.isEmpty ? "nothing is wrong" : "nothing else is wrong")
        }
    }

    /// The class that a run of this data looks for, unless it is told another; nil where it is each, or has to be told.
    private static func question(of check: DatasetCheck) -> String? {
        Contrast.only(between: check.classes.map(\.className), positive: check.positiveClass)?.name
    }

    /// What is printed as JSON.
    private struct Report: Encodable {
        let check: DatasetCheck
        let question: String?

        enum CodingKeys: String, CodingKey {
            case question = "looked_for"
        }

        func encode(to encoder: any Encoder) throws {
            try check.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(question, forKey: .question)
        }
    }

    /// A line for each class and group, and one for each class of several groups.
    private func printParts(_ check: DatasetCheck) {
        let names = ["class", "site", "recordings", "windows", "patients", "clipped", "seconds: least", "median"]
        var rows = [names + ["greatest", "total"]]
        for total in check.classes {
            let groups = check.groups.filter { $0.className == total.className }
            rows += groups.map { row($0, group: $0.group ?? "") }
            if groups.count != 1 { rows.append(row(total, group: "all")) }
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column < 2 ? row[column] + space : space + row[column]
            }
            print(cells.joined(separator: "  "))
        }
        print()
    }

    private func row(_ part: DatasetCheck.Part, group: String) -> [String] {
        let seconds = part.seconds.map { [$0.least, $0.median, $0.greatest, $0.total] }
        return [
            part.className.onOneLine, group.onOneLine, part.recordings.grouped, part.windows.grouped,
            part.subjects?.grouped ?? "unknown", part.clipped.grouped,
        ] + (seconds.map { $0.map { String(format: "%.1f", $0) } } ?? ["", "", "", ""])
    }

    private func printCounts(_ name: String, _ unit: String, _ counts: [Int: [String: Int]]) {
        guard !counts.isEmpty else { return }
        let texts = counts.sorted { $0.key < $1.key }.map { value, classes in
            let parts = classes.sorted { $0.key < $1.key }.map { "\($0.key.onOneLine) \($0.value.grouped)" }
            return "\(value.grouped)\(unit.isEmpty ? "" : " " + unit) (\(parts.joined(separator: ", ")))"
        }
        print("\(name): \(texts.joined(separator: ", "))")
    }
}
