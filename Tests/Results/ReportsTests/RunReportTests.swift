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

/// What a plot's file looks like to a reader of SVG that knows neither variables nor style sheets.
struct PlotFileTests {
    static let wanted = [
        "line": ["stroke", "stroke-width"], "path": ["fill"], "circle": ["fill"], "rect": ["fill"],
        "text": ["fill", "font-size"],
    ]

    /// The elements of an SVG file and their attributes.
    final class Reader: NSObject, XMLParserDelegate {
        var elements: [(name: String, attributes: [String: String])] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            elements.append((name, attributes))
        }
    }

    @Test func everyMarkOfAPlotHasItsColoursWrittenOut() throws {
        for report in try RunReportTests.reports() {
            for plot in ReportPage(report).plots {
                let reader = Reader()
                let parser = XMLParser(data: Data(plot.drawing.file.utf8))
                parser.delegate = reader
                #expect(parser.parse())
                let marks = reader.elements.filter { !["svg", "title", "style"].contains($0.name) }
                #expect(marks.count > 3 && marks[0].attributes["fill"] == "#ffffff", "a light ground")
                for mark in marks {
                    let names = try #require(Self.wanted[mark.name], "\(mark.name)")
                    for name in names { #expect(mark.attributes[name] != nil, "\(plot.name): \(mark) has no \(name)") }
                    for name in ["fill", "stroke"] {
                        let colour = mark.attributes[name] ?? "none"
                        #expect(colour == "none" || colour.wholeMatch(of: /#[0-9a-f]{6}/) != nil, "\(colour)")
                    }
                    #expect(["fill", "stroke"].contains { mark.attributes[$0] ?? "none" != "none" }, "\(mark)")
                    #expect(mark.attributes.values.allSatisfy { !$0.contains("var(") && $0 != "currentColor" })
                    // A style sheet could only tell a text that has no font of it.
                    #expect(mark.attributes["style"] == nil)
                }
                #expect(reader.elements.first?.attributes["font-family"] != nil)
            }
        }
    }

    /// Rules that a reader knows, with variables that it does not know, would paint all black.
    @Test func rulesOfAPlotAreForReadersWhoKnowVariables() throws {
        let file = try #require(ReportPage(try Specimen.report()).plots.first).drawing.file
        let style = try #require(file.firstMatch(of: /<style>([^<]*)<\/style>/)).1
        #expect(style.trimmingCharacters(in: .whitespacesAndNewlines).hasPrefix("@supports (color: var(--ink)) {"))
        var depth = 0
        for (index, character) in zip(style.indices, style) {
            depth += character == "{" ? 1 : character == "}" ? -1 : 0
            let rest = style[style.index(after: index)...].trimmingCharacters(in: .whitespacesAndNewlines)
            if character == "}" { #expect(depth > 0 || rest.isEmpty) }
        }
    }

    @Test func aPageTakesItsPlotsColoursFromItsPalette() throws {
        let html = ReportPage(try Specimen.report()).html
        #expect(html.contains(".line { stroke: currentColor;") && html.contains(".s0 { color: var(--s0); }"))
        #expect(!html.contains("stroke=\"") && !html.contains("fill=\"#"))
    }
}
