import Evaluation
import Foundation

/// `report.html`: one file that needs nothing else, for screen (light and dark) and paper. It is HTML and XML alike.
struct ReportPage {
    private let report: RunReport
    private let loss: SVG?
    private let accuracy: SVG?
    private let roc: SVG?
    private let confusion: SVG
    private let precisionRecall: SVG?
    private let reliability: SVG?

    init(_ report: RunReport) {
        self.report = report
        loss = Chart.loss(report.history)?.drawing
        accuracy = Chart.accuracy(report.history)?.drawing
        roc = Chart.roc(report.predictions, metrics: report.metrics)?.drawing
        confusion = ConfusionPlot(matrix: report.metrics.confusionMatrix, classes: report.metrics.classes).drawing
        precisionRecall = Chart.precisionRecall(report.predictions, metrics: report.metrics)?.drawing
        reliability = Chart.reliability(report.predictions, metrics: report.metrics)?.drawing
    }

    /// The plots that can be drawn, by file name.
    var plots: [(name: String, drawing: SVG)] {
        [
            ("loss", loss), ("accuracy", accuracy), ("roc", roc), ("confusion_matrix", confusion),
            ("precision_recall", precisionRecall), ("reliability", reliability),
        ].compactMap { name, drawing in drawing.map { (name, $0) } }
    }

    var html: String {
        let verdict = Verdict(report.metrics, cautions: report.cautions)
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>\(report.title.escaped)</title>
            <style>
            \(Palette.css)\(PlotStyle.css)\(StyleSheet.page)</style>
            </head>
            <body>
            <main>
            <header>
            <p class="origin">HeartBeatNet · run report</p>
            <h1>\(report.title.escaped)</h1>
            <p class="verdict\(verdict.isSound ? "" : " doubtful")">\(verdict.text.escaped)</p>
            </header>
            \(Tile.all(of: report.metrics))
            \(decisions)
            \(Self.section("Where to draw the line", DecisionTable(metrics: report.metrics, isPooled: !report.parts.isEmpty).html))
            \(probabilities)
            \(byClass)
            \(byPart)
            \(byGroup)
            \(mistakes)
            \(training)
            \(Self.section("What was trained on what", facts(report.facts)))
            \(Self.section("Who computed it", facts(report.cluster)))
            \(skipped)
            <footer>Research software: no medical device, and no ground for a diagnosis.</footer>
            </main>
            </body>
            </html>

            """
    }

    private var decisions: String {
        let note =
            "<p class=\"note\">Left: every trade between missed cases and false alarms the scores allow. "
            + "Right: how the recordings were called, each one by its most probable class.</p>"
        let figures = [roc, confusion].compactMap(\.self).map { "<figure>\($0.inline)</figure>" }
        return Self.section(
            "How well classes are told apart",
            (roc == nil ? "" : note) + "<div class=\"pair\">\(figures.joined(separator: "\n"))</div>")
    }

    private var probabilities: String {
        let figures = [precisionRecall, reliability].compactMap(\.self).map { "<figure>\($0.inline)</figure>" }
        guard !figures.isEmpty else { return "" }
        let metrics = report.metrics
        let note =
            "<p class=\"note\">Precision is the share of the called that are truly so, recall the share of those that "
            + "are found. On the diagonal, a probability can be taken at its word; each dot is a tenth of the scale. "
            + "Brier score \(FigureText.score(metrics.brierScore)), expected calibration error "
            + "\(FigureText.score(metrics.expectedCalibrationError)); 0 is best.</p>"
        return Self.section(
            "What a probability is worth",
            note + "<div class=\"pair\">\(figures.joined(separator: "\n"))</div>")
    }

    private var byClass: String {
        let metrics = report.metrics
        let rows = metrics.classes.map { name in
            let scores = metrics.perClass[name]
            return Table.Row(
                name,
                [
                    "\(scores?.support ?? 0)", FigureText.percent(scores?.precision),
                    FigureText.percent(scores?.recall), FigureText.percent(scores?.f1),
                ])
        }
        let further =
            "<p class=\"note\">Log loss \(FigureText.score(metrics.logLoss)); sensitivity at specificity "
            + "0.5 as Keras counts it \(FigureText.score(metrics.sensitivityAtSpecificity)).</p>"
        return Self.section(
            "Class by class",
            Table(head: ["class", "recordings", "precision", "recall", "F1"], rows: rows).html + further)
    }

    private var byPart: String {
        guard !report.parts.isEmpty else { return "" }
        let rows =
            report.parts.map { part in
                Table.Row(
                    part.name, Self.cells(part.assessment) + [FigureText.percent(part.assessment.atThreshold?.macc)])
            } + [Table.Row("all together", Self.cells(report.metrics.overall) + [""], style: "total")]
        let note =
            "<p class=\"note\">Each part was scored by a model that was trained on the others and never saw it. "
            + "“All together” ranks the scores of different models with each other. The last column has the decisions "
            + "by the threshold that each model chose on its own validation part.</p>"
        let head = ["part"] + Self.scoreColumns + ["MAcc at threshold"]
        return Self.section("Part by part", Table(head: head, rows: rows).html + note)
    }

    private static let scoreColumns = [
        "recordings", "accuracy", "sensitivity", "specificity", "MAcc", "95 % CI", "AUC", "95 % CI",
    ]

    private var byGroup: String {
        guard let baselines = report.metrics.baselines else { return "" }
        let groups = report.metrics.groups.sorted { $0.key < $1.key }
        let rows =
            groups.map { Table.Row($0, Self.cells($1)) }
            + [
                Table.Row("the model, all recordings", Self.cells(report.metrics.overall), style: "total"),
                Table.Row("rule: the most frequent class", Self.cells(baselines.majorityClass), style: "rule"),
                Table.Row(
                    "rule: the most frequent class of the site", Self.cells(baselines.majorityClassOfGroup),
                    style: "rule"),
            ]
        let note =
            "<p class=\"note\">The two rules never listen to a recording. A model is worth its trouble only "
            + "where it beats them, above all the second: recordings of one site resemble each other in more than "
            + "the hearts they hold.</p>"
        return Self.section(
            "Site by site, and against knowing nothing",
            Table(head: ["site"] + Self.scoreColumns, rows: rows).html + note)
    }

    private static func cells(_ assessment: Assessment) -> [String] {
        cells(assessment.scores, assessment.maccInterval, assessment.aucInterval)
    }

    private static func cells(
        _ scores: Scores, _ macc: ConfidenceInterval? = nil, _ auc: ConfidenceInterval? = nil
    ) -> [String] {
        ["\(scores.count)"]
            + [scores.accuracy, scores.sensitivity, scores.specificity, scores.macc].map(FigureText.percent)
            + [macc.map { FigureText.range($0, FigureText.percent) } ?? "", FigureText.score(scores.auc)]
            + [auc.map { FigureText.range($0, FigureText.score) } ?? ""]
    }

    private var mistakes: String {
        guard !report.mistakes.isEmpty else { return "" }
        let note =
            "<p class=\"note\">Recordings that were called wrongly with most confidence, each by the window that spoke for it "
            + "most: time to the right, low frequencies below. Beside what the network saw, the same in the light of its "
            + "attention gates, from the coarsest to the finest: bright where a gate lets most through, dark where it lets "
            + "least; the numbers are the least and the greatest factor.</p>"
        let cases = report.mistakes.map { mistake in
            let pictures =
                [Self.picture(mistake.view.picture, "what the network saw")]
                + mistake.view.attention.map {
                    Self.picture(
                        $0.picture,
                        "\($0.name): \(FigureText.score(Double($0.least))) to \(FigureText.score(Double($0.greatest)))")
                }
            let title =
                "\(mistake.file): \(mistake.truth), called \(mistake.called) (\(FigureText.percent(mistake.probability))), "
                + "window \(mistake.window + 1) of \(mistake.windows)"
            return "<div class=\"case\"><h3>\(title.escaped)</h3><div class=\"strip\">\(pictures.joined())</div></div>"
        }
        return Self.section("The worst mistakes", note + cases.joined(separator: "\n"))
    }

    private static func picture(_ png: [UInt8], _ caption: String) -> String {
        "<figure><img alt=\"\(caption.escaped)\" src=\"data:image/png;base64,\(Data(png).base64EncodedString())\"/>"
            + "<figcaption>\(caption.escaped)</figcaption></figure>"
    }

    private var training: String {
        let figures = [loss, accuracy].compactMap(\.self).map { "<figure>\($0.inline)</figure>" }
        return figures.isEmpty
            ? ""
            : Self.section("How training went", "<div class=\"pair\">\(figures.joined(separator: "\n"))</div>")
    }

    private var skipped: String {
        guard !report.skipped.isEmpty else { return "" }
        let shown = report.skipped.prefix(50)
        let rows = shown.map { Table.Row($0.file, [$0.reason]) }
        let more = report.skipped.count - shown.count
        let note = more > 0 ? "<p class=\"note\">And \(more) more, all listed in skipped.csv.</p>" : ""
        return Self.section(
            "Files left out (\(report.skipped.count))",
            Table(head: ["file", "reason"], rows: rows, isNumeric: false).html + note)
    }

    private func facts(_ facts: [RunReport.Fact]) -> String {
        facts.isEmpty
            ? "" : Table(rows: facts.map { Table.Row($0.name, [$0.value]) }, isNumeric: false, style: "facts").html
    }

    private static func section(_ title: String, _ body: String) -> String {
        body.isEmpty ? "" : "<section>\n<h2>\(title.escaped)</h2>\n\(body)\n</section>"
    }
}
