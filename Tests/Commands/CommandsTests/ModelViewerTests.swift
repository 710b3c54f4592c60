import Foundation
import Testing

extension ClusterTests {
    @Suite struct ModelViewerTests {
        @Test func aReportShowsTheWorstMistakesOfAModelThatHasLearntNothing() throws {
            try Workspace.use { workspace in
                try workspace.succeed(
                    "hbn-coordinator",
                    TinyRun.plain.options + ["--max-steps", "1", "--local", "1", "--output", workspace("run")])
                let wrong = try workspace.table("run/predictions.csv").filter { $0["true"] != $0["predicted"] }
                let report = try workspace.text(of: "run/report.html")
                let shown = report.matches(of: #/<h3>(\S+): (\S+), called (\S+) \(/#)
                #expect(!wrong.isEmpty && shown.count == min(wrong.count, 6))
                for mistake in shown {
                    #expect(
                        wrong.contains {
                            $0["file"]! == mistake.1 && $0["true"]! == mistake.2 && $0["predicted"]! == mistake.3
                        })
                }
                // The picture, and four gates.
                #expect(report.matches(of: #/data:image\/png;base64,[A-Za-z0-9+\/=]{100}/#).count == 5 * shown.count)
            }
        }
    }
}
