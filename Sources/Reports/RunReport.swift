import Evaluation
import Foundation
import Tables

/// What a run came to, and the files that say so.
public struct RunReport: Sendable {
    public var title: String
    /// What was trained on what, in the order shown.
    public var facts: [Fact]
    /// Who computed it: workers, throughput, digests.
    public var cluster: [Fact]
    public var predictions: [Prediction]
    public var metrics: ClassificationMetrics
    /// Empty when nothing was trained, as in an evaluation.
    public var history: [EpochRecord]
    public var skipped: [SkippedFile]

    /// One line of a table of facts.
    public struct Fact: Hashable, Codable, Sendable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A file of the data set that was not used, and why.
    public struct SkippedFile: Hashable, Codable, Sendable {
        public let file: String
        public let reason: String

        public init(file: String, reason: String) {
            self.file = file
            self.reason = reason
        }
    }

    /// `predictions` are those that `metrics` were made from.
    public init(
        title: String, facts: [Fact] = [], cluster: [Fact] = [], predictions: [Prediction],
        metrics: ClassificationMetrics, history: [EpochRecord] = [], skipped: [SkippedFile] = []
    ) {
        self.title = title
        self.facts = facts
        self.cluster = cluster
        self.predictions = predictions
        self.metrics = metrics
        self.history = history
        self.skipped = skipped
    }

    /// Writes predictions, metrics, tables, plots and `report.html` into `folder`, which is made if need be.
    ///
    /// `history.csv` is not among them: `History` keeps it while the run goes on.
    public func write(to folder: URL) throws(ReportsError) {
        let run = RunFolder(folder)
        let classes = metrics.classes
        try run.write(CSV(predictions, classes: classes).text, to: "predictions.csv")
        try run.write(json(in: folder), to: "metrics.json")
        try run.write(
            ClassificationReport(metrics.confusionMatrix, classes: classes).description,
            to: "classification_report.txt")
        try run.write(CSV(metrics.confusionMatrix, classes: classes).text, to: "confusion_matrix.csv")
        if !skipped.isEmpty {
            try run.write(
                CSV([["file", "reason"]] + skipped.map { [$0.file, $0.reason] }).text, to: "skipped.csv")
        }
        let page = ReportPage(self)
        for plot in page.plots { try run.write(plot.drawing.file, to: "plots/\(plot.name).svg") }
        try run.write(page.html, to: "report.html")
    }

    private func json(in folder: URL) throws(ReportsError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(metrics), as: UTF8.self) + "\n"
        } catch {
            throw ReportsError(
                path: folder.appending(path: "metrics.json").path,
                reason: "cannot be encoded (\(error)); please report this as a defect")
        }
    }
}
