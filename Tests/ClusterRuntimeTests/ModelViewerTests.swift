import Images
import TensorCore
import Testing

@testable import ClusterRuntime

@Test func aPictureIsBrightWhereItsGateLetsMostThrough() {
    let picture = Image(width: 4, height: 2, pixels: [UInt8](repeating: 200, count: 24))
    let map = AttentionMap(name: "gate", height: 1, width: 2, factors: [0.3, 0.5])
    let row = [30, 30, 200, 200].flatMap { [UInt8](repeating: $0, count: 3) }
    #expect(picture.lit(by: map).pixels == row + row)
    let even = AttentionMap(name: "gate", height: 1, width: 1, factors: [0.4])
    #expect(picture.lit(by: even) == picture)
}

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
