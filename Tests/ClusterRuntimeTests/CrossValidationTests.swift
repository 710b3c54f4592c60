import Foundation
import Testing

private let options =
    TinyRun.model + [
        "--data", "synthetic", "--recordings", "24", "--epochs", "2", "--local", "1", "--validation-fraction", "0.2",
    ]

extension ClusterTests {
    @Suite struct CrossValidationTests {
        @Test func everyRecordingIsScoredOnceByAModelThatNeverSawIt() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn-coordinator", options + ["--folds", "3", "--output", workspace("run")])
                let all = try workspace.table("run/predictions.csv").map { $0["file"]! }
                #expect(all.count == 24 && Set(all).count == 24)
                let parts = try workspace.table("run/folds.csv")
                #expect(parts.map { $0["part"] } == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"])
                for (number, part) in parts.enumerated() {
                    let own = try workspace.table("run/fold-\(number + 1)/predictions.csv")
                    #expect("\(own.count)" == part["recordings"])
                    // The fold's own report is about the same recordings and comes to the same.
                    let pooled = try workspace.table("run/predictions.csv")
                    #expect(own.allSatisfy(pooled.contains))
                }
                #expect(try workspace.text(of: "run/report.html").contains("Part by part"))
            }
        }

        @Test func whatWasInterruptedGoesOnToTheSameResult() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn-coordinator", options + ["--folds", "2", "--output", workspace("whole")])
                let coordinator = try workspace.start(
                    "hbn-coordinator", options + ["--folds", "2", "--output", workspace("torn")])
                try coordinator.line(with: "fold 2 of 2: ", on: .output)
                try coordinator.hasBegun()
                coordinator.signal(SIGTERM)
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 75)
                #expect(outcome.errors.contains("--resume \(workspace("torn")) "))
                try workspace.succeed("hbn-coordinator", ["--resume", workspace("torn"), "--local", "1"])
                #expect(try workspace.text(of: "torn/predictions.csv") == workspace.text(of: "whole/predictions.csv"))
            }
        }

        @Test func sitesThatAreNotKnownAreAskedForInVain() throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-coordinator", options + ["--folds", "site", "--output", workspace("run")])
                #expect(outcome.status == 2)
                #expect(outcome.errors.contains("the data has no sites; use a number of folds"))
                #expect(try workspace.run("hbn-coordinator", options + ["--folds", "1"]).status == 2)
            }
        }
    }
}
