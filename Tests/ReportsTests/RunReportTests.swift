import Evaluation
import Foundation
import FoundationXML
import Testing

@testable import Reports

struct RunReportTests {
    static let hostile = "<script>alert('&')</script>\"\u{0}"

    /// Reports that stretch the page: usual, many classes, untrained, empty, and with names that try to break out.
    static func reports() throws -> [RunReport] {
        var hostile = try Specimen.report(title: hostile, count: 40, classes: ["normal", Self.hostile, "b"], epochs: 2)
        hostile.facts.append(.init(Self.hostile, Self.hostile))
        hostile.mistakes = [
            .init(
                file: Self.hostile, truth: Self.hostile, called: Self.hostile, probability: 0.9, window: 0, windows: 3,
                view: .init(
                    picture: [1, 2, 3],
                    attention: [.init(name: Self.hostile, least: 0, greatest: 1, picture: [4, 5])]))
        ]
        hostile.parts = [.init(name: Self.hostile, assessment: hostile.metrics.overall)]
        hostile.cautions = [Self.hostile]
        hostile.skipped = (0..<60).map { .init(file: "\($0)", reason: Self.hostile) }
        var broken = try Specimen.report(epochs: 1)
        broken.history = [
            EpochRecord(
                epoch: 1, step: 1, trainingLoss: .nan, trainingAccuracy: .infinity, samples: 0, seconds: 0,
                ledgerDigest: "")
        ]
        return [
            try Specimen.report(), try Specimen.report(classes: (0..<9).map { "class \($0)" }),
            try Specimen.report(epochs: 0), try Specimen.report(count: 0, epochs: 0), try Specimen.report(count: 1),
            hostile, broken,
        ]
    }

    @Test func everyFileOfTheContractIsWritten() throws {
        try withTemporaryFolder { folder in
            let run = folder.appending(path: "runs/one")
            try Specimen.report().write(to: run)
            let names = try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
            #expect(
                names == [
                    "classification_report.txt", "confusion_matrix.csv", "metrics.json", "plots", "predictions.csv",
                    "report.html", "skipped.csv",
                ])
            let plots = try FileManager.default.contentsOfDirectory(atPath: run.appending(path: "plots").path).sorted()
            #expect(
                plots == [
                    "accuracy.svg", "confusion_matrix.svg", "loss.svg", "precision_recall.svg", "reliability.svg",
                    "roc.svg",
                ])
            let metrics = try JSONDecoder().decode(
                ClassificationMetrics.self, from: Data(contentsOf: run.appending(path: "metrics.json")))
            #expect(metrics == (try Specimen.report().metrics))
        }
    }

    @Test func pageAndPlotsAreWellFormed() throws {
        for report in try Self.reports() {
            let page = ReportPage(report)
            for text in [page.html] + page.plots.map(\.drawing.file) {
                let parser = XMLParser(data: Data(text.utf8))
                #expect(parser.parse(), "\(report.title): \(String(describing: parser.parserError))")
                #expect(!text.contains("NaN") && !text.contains("nan\"") && !text.contains("inf\""))
            }
        }
    }

    @Test func pageNeedsNoNetworkAndRunsNoScript() throws {
        for report in try Self.reports() {
            let html = ReportPage(report).html.replacing("xmlns=\"http://www.w3.org/2000/svg\"", with: "")
                .replacing("src=\"data:image/png;base64,", with: "")
            for word in ["http", "<script", "<link", "@import", "url(", "src="] {
                #expect(!html.contains(word), "\(word)")
            }
        }
    }

    @Test func pageShowsTheFigures() throws {
        let report = try Specimen.report()
        let html = ReportPage(report).html
        let auc = try #require(report.metrics.auc)
        #expect(html.contains(String(format: "<b>%.3f</b>", auc)))
        #expect(html.contains("training-f") && html.contains("of the site") && html.contains("holds 0 samples"))
        for row in report.metrics.confusionMatrix.rows {
            for count in row { #expect(html.contains(">\(count)</text>")) }
        }
    }

    @Test(arguments: [(false, "too hopeful"), (true, "had a part in choosing it, unless")])
    func pageSaysWhereTheThresholdComesFrom(isTested: Bool, words: String) throws {
        let report = try Specimen.report(epochs: 0, isTested: isTested)
        let html = ReportPage(report).html
        let threshold = try #require(report.metrics.threshold)
        let point = try #require(report.metrics.atThreshold)
        #expect(html.contains(String(format: "%.3f: chosen on the validation part", threshold.value)))
        let missed = point.sensitivity.whole - point.sensitivity.part
        #expect(html.contains("<td class=\"number\">\(missed) of \(point.sensitivity.whole)</td>"))
        #expect(html.contains(words))
    }

    @Test func runWithoutAThresholdSaysSo() throws {
        #expect(ReportPage(try Specimen.report(count: 1)).html.contains("No threshold was chosen"))
    }

    @Test func longListOfSkippedFilesIsCut() throws {
        var report = try Specimen.report(count: 2, epochs: 0)
        report.skipped = (0..<1000).map { .init(file: "file \($0)", reason: "holds 0 samples") }
        let html = ReportPage(report).html
        #expect(html.contains("And 950 more") && html.contains("file 49<") && !html.contains("file 50<"))
    }

    @Test func folderThatCannotBeMadeIsNamed() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "taken")
            try Data().write(to: file)
            let error = #expect(throws: ReportsError.self) {
                try Specimen.report(count: 3).write(to: file.appending(path: "run"))
            }
            #expect(error?.path.hasPrefix(file.path) == true)
            #expect(error?.description.contains("cannot be written") == true)
        }
    }
}
