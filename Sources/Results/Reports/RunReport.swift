import Evaluation
import Files
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
    /// The parts of the data that were scored by a model each; empty where one model scored all.
    public var parts: [Part]
    /// The recordings that were called wrongly with most confidence, the worst first: `mistakesShown` at most.
    public var mistakes: [Mistake]
    public var skipped: [SkippedFile]
    /// What makes the result doubtful, a sentence each.
    public var cautions: [String]

    /// A recording that was called wrongly, by the window that spoke for it most.
    public struct Mistake: Sendable {
        public let file: String
        public let truth: String
        public let called: String
        /// Of the class that it was called.
        public let probability: Double
        /// Counted from 0, of so many.
        public let window: Int
        public let windows: Int
        public let view: View

        public init(
            file: String, truth: String, called: String, probability: Double, window: Int, windows: Int, view: View
        ) {
            self.file = file
            self.truth = truth
            self.called = called
            self.probability = probability
            self.window = window
            self.windows = windows
            self.view = view
        }
    }

    /// What the network saw, as PNG files of one size.
    public struct View: Sendable {
        public let picture: [UInt8]
        /// What each gate let through, the coarsest first.
        public let attention: [Attention]

        /// The picture in the light of an attention gate.
        public struct Attention: Sendable {
            public let name: String
            /// The factors of the gate, in 0...1.
            public let least: Float
            public let greatest: Float
            public let picture: [UInt8]

            public init(name: String, least: Float, greatest: Float, picture: [UInt8]) {
                self.name = name
                self.least = least
                self.greatest = greatest
                self.picture = picture
            }
        }

        public init(picture: [UInt8], attention: [Attention]) {
            self.picture = picture
            self.attention = attention
        }
    }

    /// What one of several models did.
    public struct Part: Hashable, Sendable {
        public let name: String
        public let assessment: Assessment

        public init(name: String, assessment: Assessment) {
            self.name = name
            self.assessment = assessment
        }
    }

    public static let mistakesShown = 6

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
        metrics: ClassificationMetrics, history: [EpochRecord] = [], parts: [Part] = [],
        mistakes: [Mistake] = [], skipped: [SkippedFile] = [], cautions: [String] = []
    ) {
        self.title = title
        self.facts = facts
        self.cluster = cluster
        self.predictions = predictions
        self.metrics = metrics
        self.history = history
        self.parts = parts
        self.mistakes = mistakes
        self.skipped = skipped
        self.cautions = cautions
    }

    /// Writes predictions, metrics, tables, plots and `report.html` into `folder`, which is made if need be.
    ///
    /// `history.csv` is not among them: `History` keeps it while the run goes on.
    public func write(to folder: URL) throws(ReportsError) {
        let run = RunFolder(folder.path)
        let json = try json(for: run)
        let classes = metrics.classes
        do throws(FileError) {
            try run.write(CSV(predictions, classes: classes).text, to: .predictions)
            try run.write(json, to: .metrics)
            try run.write(
                ClassificationReport(metrics.confusionMatrix, classes: classes).description, to: .classification)
            try run.write(CSV(metrics.confusionMatrix, classes: classes).text, to: .confusionMatrix)
            if !parts.isEmpty { try run.write(CSV(parts).text, to: .foldScores) }
            if !skipped.isEmpty {
                try run.write(CSV([["file", "reason"]] + skipped.map { [$0.file, $0.reason] }).text, to: .skipped)
            }
            let page = ReportPage(self)
            for plot in page.plots { try run.write(plot.drawing.file, toPlot: "\(plot.name).svg") }
            try run.write(page.html, to: .report)
        } catch {
            throw ReportsError(unwritten: error)
        }
    }

    private func json(for run: RunFolder) throws(ReportsError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(metrics), as: UTF8.self) + "\n"
        } catch {
            throw ReportsError(
                path: run.path(.metrics),
                reason: "cannot be encoded (\(error)); please report this as a defect")
        }
    }
}
