import Evaluation
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
                let report = try workspace.text(of: "run/report.html")
                #expect(report.contains("Part by part"))
                let wrong = try workspace.table("run/predictions.csv").filter { $0["true"] != $0["predicted"] }
                let worst = try wrong.map { (try #require(Double($0["p_\($0["predicted"]!)"] ?? "")), $0["file"]!) }
                    .sorted { ($1.0, $0.1) < ($0.0, $1.1) }.prefix(6).map(\.1)
                #expect(!wrong.isEmpty && report.matches(of: #/<h3>(\S+): \S+, called/#).map { String($0.1) } == worst)
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
                #expect(outcome.errors.contains("--resume \(workspace("torn")) --local 1\n"))
                try workspace.succeed("hbn-coordinator", ["--resume", workspace("torn"), "--local", "1"])
                #expect(try workspace.text(of: "torn/predictions.csv") == workspace.text(of: "whole/predictions.csv"))

                let run = try workspace.run("hbn", ["predict", "--run", workspace("torn"), "x.wav"])
                expectOneError(run.errors, naming: ["holds several runs"])
                let described = try workspace.succeed(
                    "hbn-coordinator", ["--resume", workspace("torn"), "--describe"])
                #expect(described.contains("32x48") && !described.contains("resuming"))

                let plan = try workspace.text(of: "torn/folds.json")
                try workspace.write(
                    Array(plan.replacing("\"epochs\":2", with: "\"epochs\":0").utf8), to: "torn/folds.json")
                let refused = try workspace.run("hbn-coordinator", ["--resume", workspace("torn")])
                #expect(refused.status == 65)
                expectOneError(refused.errors, naming: ["folds.json: epochs must be 1", "restore it"])
            }
        }

        @Test func aSiteIsTestedByAModelOfTheOthersAndOnlyWithTheDataItBeganWith() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("sounds"), "--recordings", "24"])
                let sites = ["abnormal": "aaaaaabbcccc", "normal": "aabbbbbbcccc"]
                var references: [String: [String]] = [:]
                for (name, letters) in sites {
                    let files = try FileManager.default.contentsOfDirectory(atPath: workspace("sounds/\(name)"))
                        .sorted()
                    for (file, site) in zip(files, letters.map(String.init)) {
                        let sound = try Data(contentsOf: URL(fileURLWithPath: workspace("sounds/\(name)/\(file)")))
                        try workspace.write([UInt8](sound), to: "data/\(site)/\(name)-\(file)")
                        references[site, default: []].append("\(name)-\(file.dropLast(4)),\(name == "normal" ? -1 : 1)")
                    }
                }
                for (site, lines) in references {
                    try workspace.write(Array(lines.joined(separator: "\n").utf8), to: "data/\(site)/REFERENCE.csv")
                }
                let words =
                    TinyRun.model + [
                        "--data", workspace("data"), "--folds", "site", "--epochs", "1", "--local", "1", "--balance",
                        "site",
                        "--output", workspace("run"),
                    ]
                try workspace.succeed("hbn-coordinator", words)
                #expect(try workspace.table("run/folds.csv").map { $0["part"] } == ["site a", "site b", "site c"])
                for site in ["a", "b", "c"] {
                    let files = try workspace.table("run/site-\(site)/predictions.csv").map { $0["file"]! }
                    #expect(files.count == 8 && files.allSatisfy { $0.hasPrefix("\(site)/") })
                }
                // The models without a, and those without b, have seen more of what is rare there.
                let metrics = try JSONDecoder().decode(
                    ClassificationMetrics.self, from: Data(workspace.text(of: "run/metrics.json").utf8))
                #expect(metrics.baselines?.majorityClass.accuracy == (2 + 2 + 4) / 24.0)
                try FileManager.default.removeItem(atPath: workspace("run/site-c/report.html"))
                let lines = try workspace.text(of: "data/c/REFERENCE.csv").split(separator: "\n")
                try workspace.write(Array(lines.dropLast().joined(separator: "\n").utf8), to: "data/c/REFERENCE.csv")
                let outcome = try workspace.run("hbn-coordinator", ["--resume", workspace("run"), "--local", "1"])
                #expect(outcome.status == 65)
                #expect(
                    outcome.errors.contains("is not what the run began with: recordings were added, removed or changed")
                )
            }
        }

        @Test func sitesThatAreNotKnownAreAskedForInVain() throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-coordinator", options + ["--folds", "site", "--output", workspace("run")])
                #expect(outcome.status == 2)
                #expect(outcome.errors.contains("the data has no sites; use a number of folds"))
                let balanced = try workspace.run(
                    "hbn-coordinator", options + ["--balance", "site", "--output", workspace("balanced")])
                #expect(balanced.status == 2)
                expectOneError(balanced.errors, naming: ["--balance site: the data has no sites"])
                #expect(try workspace.run("hbn-coordinator", options + ["--folds", "1"]).status == 2)
            }
        }
    }
}
