import Audio
import Foundation
import Testing

/// What the programs make of data as people have it.
@Suite struct DataCommandTests {
    /// Sounds in class folders: so many of each, each of another patient.
    private func write(_ workspace: Workspace, _ folder: String, _ classes: String..., count: Int = 4) throws {
        for (label, name) in classes.enumerated() {
            try FileManager.default.createDirectory(
                atPath: workspace("\(folder)/\(name)"), withIntermediateDirectories: true)
            for number in 0..<count {
                let pitch = Float(20 + 30 * number + 7 * label + folder.utf8.count)
                let samples = (0..<3000).map { sin(Float($0) * pitch / 2000) }
                try Sound(sampleRate: 2000, samples: samples).write(
                    toWAV: workspace("\(folder)/\(name)/P\(number)\(name)_1.wav"))
            }
        }
    }

    private func train(_ workspace: Workspace, _ arguments: String...) throws -> RunningProgram.Outcome {
        try train(workspace, arguments)
    }

    private func train(_ workspace: Workspace, _ arguments: [String]) throws -> RunningProgram.Outcome {
        try workspace.run("hbn-coordinator", TinyRun.model + ["--epochs", "1", "--local", "1"] + arguments)
    }

    private func metrics(_ workspace: Workspace, _ folder: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: workspace("\(folder)/metrics.json")))
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func whereNamesDoNotTellTheProgramAsks() throws {
        try Workspace.use { workspace in
            try write(workspace, "data", "alpha", "beta")
            let asked = try train(workspace, "--data", workspace("data"), "--output", workspace("a"))
            #expect(asked.status == 2)
            expectOneError(asked.errors, naming: ["--positive-class \"alpha\"", "--positive-class \"beta\""])
            let wrong = try train(
                workspace, "--data", workspace("data"), "--output", workspace("a"), "--positive-class", "gamma")
            #expect(wrong.status == 2)
            expectOneError(wrong.errors, naming: ["gamma", "alpha, beta"])
            let told = try train(
                workspace, "--data", workspace("data"), "--output", workspace("a"), "--positive-class", "ALPHA")
            try #require(told.status == 0, "\(told.errors)")
            #expect(told.output.contains("looked for: alpha\n"))
            #expect(try metrics(workspace, "a")["positive_class"] as? String == "alpha")
            #expect(try workspace.text(of: "a/report.html").contains("<th scope=\"row\">Looked for</th><td>alpha</td>"))
        }
    }

    @Test func whereNobodyKnowsThePatientsItIsSaidWhereverScoresAre() throws {
        try Workspace.use { workspace in
            try write(workspace, "data", "ill", "normal")
            let run = try train(workspace, "--data", workspace("data"), "--output", workspace("run"))
            try #require(run.status == 0, "\(run.errors)")
            let words = "by recording: several of one person may stand on both sides"
            #expect(run.output.contains(words))
            #expect(try metrics(workspace, "run")["unit"] as? String == words)
            #expect(try workspace.text(of: "run/report.html").contains(words))

            let named = try train(
                workspace, "--data", workspace("data"), "--output", workspace("named"), "--patient-pattern",
                "^(P[0-9]+)")
            try #require(named.status == 0, "\(named.errors)")
            #expect(try metrics(workspace, "named")["unit"] as? String == "by patient")
            #expect(!(try workspace.text(of: "named/report.html").contains(words)))
        }
    }

    @Test(arguments: ["(", "P[0-9]+", "(P)([0-9])"]) func aPatternThatIsNoneIsRefused(pattern: String) throws {
        try Workspace.use { workspace in
            try write(workspace, "data", "ill", "normal")
            let run = try train(
                workspace, "--data", workspace("data"), "--output", workspace("run"), "--patient-pattern", pattern)
            #expect(run.status == 2)
            expectOneError(run.errors, naming: ["patient pattern", pattern])
        }
    }

    @Test func testDataIsReadBeforeTheFirstStep() throws {
        try Workspace.use { workspace in
            try write(workspace, "data", "ill", "normal")
            try write(workspace, "artifacts", "artifact", "normal")
            try write(workspace, "healthy", "Normal")
            let refused = try train(
                workspace, "--data", workspace("data"), "--test-data", workspace("artifacts"), "--output",
                workspace("a"))
            #expect(refused.status == 65)
            expectOneError(refused.errors, naming: ["--test-data", "artifacts", "the class artifact", "ill, normal"])
            #expect(!FileManager.default.fileExists(atPath: workspace("a/history.csv")))

            let scored = try train(
                workspace, "--data", workspace("data"), "--test-data", workspace("healthy"), "--output", workspace("b"))
            try #require(scored.status == 0, "\(scored.errors)")
            #expect(scored.output.contains("4 recordings: AUC undefined"))
            #expect(scored.output.contains("all of them are normal"))
            let metrics = try metrics(workspace, "b")
            #expect(metrics["specificity"] is Double && metrics["auc"] is NSNull && metrics["sensitivity"] is NSNull)
            #expect(try workspace.table("b/predictions.csv").count == 4)
        }
    }

    @Test func theThresholdIsChosenOnTheValidationPartWhateverIsTestedWith() throws {
        try Workspace.use { workspace in
            try write(workspace, "data", "ill", "normal", count: 6)
            // Of other patients.
            try write(workspace, "healthy", "normal", count: 4)
            for number in 0..<4 {
                try FileManager.default.moveItem(
                    atPath: workspace("healthy/normal/P\(number)normal_1.wav"),
                    toPath: workspace("healthy/normal/Q\(number)other_1.wav"))
            }
            let thresholds = try [[], ["--test-data", workspace("healthy")]].enumerated().map { index, options in
                let folder = "run-\(index)"
                let run = try train(
                    workspace, ["--data", workspace("data"), "--output", workspace(folder)] + options)
                try #require(run.status == 0, "\(run.errors)")
                let metrics = try metrics(workspace, folder)
                #expect(metrics["threshold_in_sample"] as? Bool == options.isEmpty)
                return try #require(metrics["threshold"] as? Double)
            }
            #expect(thresholds[0] == thresholds[1])
        }
    }

    @Test func whatIsScoredIsNotTrainedOn() throws {
        try Workspace.use { workspace in
            try write(workspace, "data", "ill", "normal", count: 6)
            // The same sounds under other names.
            for name in ["ill", "normal"] {
                try FileManager.default.createDirectory(
                    atPath: workspace("test/\(name)"), withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    atPath: workspace("data/\(name)/P0\(name)_1.wav"), toPath: workspace("test/\(name)/copy.wav"))
            }
            let run = try train(
                workspace, "--data", workspace("data"), "--test-data", workspace("test"), "--output", workspace("run"))
            try #require(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("2 recordings, such as ill/P0ill_1.wav, are left out"))
            let parts = Dictionary(grouping: try workspace.table("run/recordings.csv")) { $0["part"]! }
            #expect(parts.mapValues(\.count) == ["train": 8, "validation": 2, "test": 2])
            #expect(parts["train"]!.allSatisfy { !$0["file"]!.contains("/P0") })

            let evaluated = try workspace.run(
                "hbn", ["evaluate", "--run", workspace("run"), "--data", workspace("data"), "--output", workspace("e")])
            try #require(evaluated.status == 0, "\(evaluated.errors)")
            #expect(evaluated.errors.contains("8 of these 12 recordings, or others of their patients, were trained on"))
            #expect(
                evaluated.errors.contains("2 of these 12 recordings, or others of their patients, were validated with"))
            #expect(try metrics(workspace, "e")["threshold_in_sample"] as? Bool == true)
            try workspace.succeed(
                "hbn", ["evaluate", "--run", workspace("run"), "--data", workspace("test"), "--output", workspace("f")])
            #expect(try metrics(workspace, "f")["threshold_in_sample"] as? Bool == false)
        }
    }

    @Test func aTableIsTrainedOnAndItsOutputsAreNoData() throws {
        try Workspace.use { workspace in
            try write(workspace, "data", "sounds", count: 8)
            var table = "\u{FEFF}file;label;patient;site;weight\r\n"
            for number in 0..<8 {
                table += "sounds\\P\(number)sounds_1.wav;\(number % 2 == 0 ? "murmur" : "no murmur")"
                table += ";\(number / 2 * 2 + number % 2);Lyon;\(number + 1)\r\n"
            }
            try workspace.write(Array(table.utf8), to: "data/recordings.csv")
            let run = try train(
                workspace, "--data", workspace("data/recordings.csv"), "--output", workspace("data/run"))
            try #require(run.status == 0, "\(run.errors)")
            #expect(run.output.contains("split and counted by patient"))
            #expect(try metrics(workspace, "data/run")["positive_class"] as? String == "murmur")
            let again = try train(
                workspace, "--data", workspace("data/run/recordings.csv"), "--output", workspace("again"))
            try #require(again.status == 0, "\(again.errors)")
            #expect(try workspace.table("again/recordings.csv").count == 8)

            try workspace.succeed(
                "hbn", ["spectrogram", workspace("data/sounds"), "--output", workspace("data/pictures")])
            try FileManager.default.createDirectory(
                atPath: workspace("data/other"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: workspace("data/sounds/P0sounds_1.wav"), toPath: workspace("data/other/1.wav"))
            let check = try workspace.run("hbn", ["dataset", "check", workspace("data"), "--json"])
            let object = try #require(
                JSONSerialization.jsonObject(with: Data(check.output.utf8)) as? [String: Any])
            let classes = try #require(object["classes"] as? [[String: Any]])
            #expect(classes.map { $0["class"] as? String } == ["other", "sounds"])
        }
    }
}
