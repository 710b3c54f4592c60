import Foundation
import Testing
import Training
import TrainingData

extension ClusterTests {
    /// One run on sound files, and what the programs say about it.
    @Suite struct RunFolderTests {
        @Test func aRunLeavesWhatTheContractListsAndItsModelScoresAlike() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "12"])
                try workspace.succeed(
                    "hbn-coordinator",
                    TinyRun.model + [
                        "--data", workspace("data"), "--epochs", "2", "--local", "2", "--output", workspace("run"),
                    ])
                try checkFiles(workspace)
                try checkHistory(workspace)
                try checkEvents(workspace)
                try checkConfiguration(workspace)
                let predictions = try workspace.table("run/predictions.csv")
                #expect(!predictions.isEmpty)
                try checkEvaluation(workspace, predictions)
                try checkExport(workspace)
                try checkParameters(workspace, predictions)
                try checkThreshold(workspace)
                try checkPredictions(workspace, predictions)
            }
        }

        @Test func aRunByAnothersConfigurationIsLikeIt() throws {
            try Workspace.use { workspace in
                let options = ["--max-steps", "3", "--checkpoint-every", "2", "--gradient-precision", "bf16"]
                let signal = ["--fft-size", "128", "--hop", "32", "--mels", "16", "--level-bands"]
                try workspace.succeed(
                    "hbn-coordinator", TinyRun.brief.options + options + signal + ["--output", workspace("first")])
                let written = try workspace.text(of: "first/config.json")
                for setting in [#""fftSize" : 128"#, #""hop" : 32"#, #""mels" : 16"#, #""levelsBands" : true"#] {
                    #expect(written.contains(setting), "\(setting)")
                }
                try workspace.succeed(
                    "hbn-coordinator", ["--config", workspace("first/config.json"), "--output", workspace("run")])
                #expect(try workspace.text(of: "run/config.json") == workspace.text(of: "first/config.json"))
                #expect(try workspace.result(of: "run") == workspace.result(of: "first"))
            }
        }

        private func checkFiles(_ workspace: Workspace) throws {
            let names = [
                "config.json", "history.csv", "best.safetensors", "final.safetensors", "predictions.csv",
                "metrics.json", "classification_report.txt", "confusion_matrix.csv", "report.html",
            ]
            for name in names {
                #expect(FileManager.default.fileExists(atPath: workspace("run/\(name)")), "\(name)")
            }
            #expect(try workspace.checkpoints.allSatisfy { $0.contains(#/step-\d{6}\.safetensors$/#) })
            let header = try workspace.text(of: "run/predictions.csv").split(separator: "\n").first
            #expect(header == "file,true,predicted,p_abnormal,p_normal")
            let metrics = try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: workspace("run/metrics.json"))))
            let keys = Set(try #require(metrics as? [String: Any]).keys)
            #expect(
                keys.isSuperset(of: [
                    "accuracy", "sensitivity", "specificity", "macc", "auc", "sensitivity_at_specificity_0.5",
                    "confusion_matrix", "average_precision", "brier_score", "expected_calibration_error",
                    "macc_interval_95", "threshold", "at_threshold",
                ]))
        }

        /// The records that TensorBoard reads: a version, the start, two epochs, and the pictures.
        private func checkEvents(_ workspace: Workspace) throws {
            let files = try FileManager.default.contentsOfDirectory(atPath: workspace("run"))
                .filter { $0.hasPrefix("events.out.tfevents.") }
            #expect(files.count == 1)
            var rest = try Data(contentsOf: URL(fileURLWithPath: workspace("run/\(files[0])")))
            var records: [String] = []
            while !rest.isEmpty {
                let count = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                let message = rest.dropFirst(12).prefix(count)
                try #require(message.count == count)
                records.append(String(decoding: message, as: UTF8.self))
                rest = rest.dropFirst(12 + count + 4)
            }
            try #require(records.count == 5)
            #expect(records[0].hasSuffix("brain.Event:2"))
            // A session log with the status of a start.
            #expect(records[1].utf8.suffix(4).elementsEqual([0x3A, 2, 8, 1]))
            #expect(records[2...3].allSatisfy { $0.contains("loss/training") && $0.contains("auc/validation") })
            #expect(records[4].contains("/spectrogram") && records[4].contains("/decoder.1"))
        }

        private func checkHistory(_ workspace: Workspace) throws {
            let rows = try workspace.table("run/history.csv")
            #expect(rows.map { $0["epoch"] } == ["1", "2"])
            let digests = rows.compactMap { $0["ledger_digest"] }
            #expect(digests.allSatisfy { $0.wholeMatch(of: #/[0-9a-f]{64}/#) != nil })
            #expect(Set(digests).count == 2, "each epoch has an order of its own")
            #expect(rows[0]["samples"] == rows[1]["samples"])
        }

        private func checkConfiguration(_ workspace: Workspace) throws {
            let configuration = try RunConfiguration.decode(
                Data(contentsOf: URL(fileURLWithPath: workspace("run/config.json"))))
            #expect(configuration.complaint == nil)
            #expect(configuration.classes == ["abnormal", "normal"])
            #expect(configuration.model.width == 48)
            #expect(configuration.shardsPerStep == 4)
        }

        /// Evaluating the run's own data gives the recordings of the validation part the scores they had in training.
        private func checkEvaluation(_ workspace: Workspace, _ predictions: [[String: String]]) throws {
            try workspace.succeed(
                "hbn",
                ["evaluate", "--run", workspace("run"), "--data", workspace("data"), "--output", workspace("scores")])
            let rows = try workspace.table("scores/predictions.csv")
            #expect(rows.count == 12)
            let byFile = Dictionary(uniqueKeysWithValues: rows.map { ($0["file"]!, $0) })
            for prediction in predictions {
                let row = try #require(byFile[prediction["file"]!])
                #expect(row["true"] == prediction["true"])
                #expect(abs(try number("p_normal", row) - number("p_normal", prediction)) <= 1e-6)
            }
        }

        /// An evaluation decides by the run's threshold, never by one of its own data's.
        private func checkThreshold(_ workspace: Workspace) throws {
            func threshold(_ folder: String) throws -> (value: Double, isInSample: Bool) {
                let metrics = try JSONSerialization.jsonObject(
                    with: Data(contentsOf: URL(fileURLWithPath: workspace("\(folder)/metrics.json"))))
                let keys = try #require(metrics as? [String: Any])
                #expect(keys["at_threshold"] is [String: Any])
                return (try #require(keys["threshold"] as? Double), try #require(keys["threshold_in_sample"] as? Bool))
            }
            let evaluation = [
                "evaluate", "--run", workspace("run"), "--data", "synthetic", "--recordings", "8", "--seed", "9",
            ]
            try workspace.succeed("hbn", evaluation + ["--output", workspace("others")])
            #expect(try threshold("run") == threshold("scores") && threshold("run").isInSample)
            #expect(try threshold("others") == (threshold("run").value, false))
            try workspace.write(Array("{\"threshold\": \"high\"}".utf8), to: "run/metrics.json")
            let refused = try workspace.run("hbn", evaluation + ["--output", workspace("refused")])
            #expect(refused.status == 65 && refused.errors.contains("run/metrics.json: does not hold a run's metrics"))
        }

        private func checkPredictions(_ workspace: Workspace, _ predictions: [[String: String]]) throws {
            let files = predictions.map { workspace("data/\($0["file"]!)") }
            func rows(_ options: String..., says: String) throws -> [[String: String]] {
                let outcome = try workspace.run("hbn", ["predict", "--run", workspace("run")] + options + files)
                #expect(outcome.status == 0 && outcome.errors.contains(" predicted: \(says)"), "\(outcome.errors)")
                try workspace.write(Array(outcome.output.utf8), to: "predicted.csv")
                let rows = try workspace.table("predicted.csv")
                #expect(rows.map { $0["file"] } == files)
                for (row, prediction) in zip(rows, predictions) {
                    // Six digits are printed.
                    #expect(abs(try number("p_normal", row) - number("p_normal", prediction)) <= 1e-6)
                }
                return rows
            }
            let probable = predictions.map { $0["predicted"] }
            #expect(
                try rows("--threshold", "0.5", says: "\"abnormal\" from 0.5 on").map { $0["predicted"] } == probable)
            let score = try number("p_abnormal", predictions[0])
            // The run's own: what scores as much as the first recording is called abnormal.
            try workspace.write(Array("{\"threshold\": \(score - 1e-6)}".utf8), to: "run/metrics.json")
            #expect(try rows(says: "\"abnormal\" from 0.").first?["predicted"] == "abnormal")
            try workspace.write(Array("{\"threshold\": \(score + 1e-6)}".utf8), to: "run/metrics.json")
            #expect(try rows(says: "\"abnormal\" from 0.").first?["predicted"] == "normal")
            try FileManager.default.removeItem(atPath: workspace("run/metrics.json"))
            #expect(try rows(says: "the most probable class: the run has").map { $0["predicted"] } == probable)
        }

        /// A model with --parameters, by every command that takes a run.
        private func checkParameters(_ workspace: Workspace, _ predictions: [[String: String]]) throws {
            let (run, file) = (workspace("run"), workspace("data/\(predictions[0]["file"]!)"))
            let last = try #require(workspace.checkpoints.last)
            let step = try #require(last.firstMatch(of: #/step-0*(\d+)/#)).1
            func digest(_ options: [String]) throws -> String {
                try workspace.succeed("hbn", ["inspect", "--digest"] + options)
            }
            for (choice, path) in [
                ("best", workspace("run/best.safetensors")), ("final", workspace("run/final.safetensors")),
                ("step-\(step)", last),
            ] {
                let chosen = ["--run", run, "--parameters", choice]
                #expect(try digest([run, "--parameters", choice]) == digest([path]))
                let model = workspace("\(choice).onnx")
                let export = try workspace.succeed("hbn", ["export", "--format", "onnx", "--output", model] + chosen)
                #expect(export.contains("parameters: \(path)"))
                let prediction = try workspace.run("hbn", ["predict"] + chosen + [file])
                #expect(prediction.status == 0 && prediction.errors.contains("parameters: \(path)"))
                #expect(prediction.errors.contains("on, the threshold chosen") == (choice == "final"))
                let scores = "scores-\(choice)"
                try workspace.succeed(
                    "hbn",
                    ["evaluate", "--data", "synthetic", "--recordings", "8", "--output", workspace(scores)] + chosen)
                #expect(try workspace.text(of: "\(scores)/report.html").contains(path))
                let metrics = try JSONSerialization.jsonObject(
                    with: Data(contentsOf: URL(fileURLWithPath: workspace("\(scores)/metrics.json"))))
                #expect(try #require(metrics as? [String: Any])["threshold"] is Double == (choice == "final"))
            }
            let missing = try workspace.run("hbn", ["predict", "--run", run, "--parameters", "step-999", file])
            #expect(missing.status == 65)
            expectOneError(missing.errors, naming: ["step-000999", "there are final, best, step-", "step-\(step)"])
            try FileManager.default.removeItem(atPath: workspace("run/best.safetensors"))
            let none = try workspace.run("hbn", ["predict", "--run", run, "--parameters", "best", file])
            #expect(none.status == 65)
            expectOneError(none.errors, naming: ["best.safetensors: is not there"])
        }

        private func checkExport(_ workspace: Workspace) throws {
            let path = workspace("model.onnx")
            let output = try workspace.succeed(
                "hbn", ["export", "--run", workspace("run"), "--format", "onnx", "--output", path])
            #expect(output.contains(workspace("run/final.safetensors")) && output.contains(path))
            let model = try Data(contentsOf: URL(fileURLWithPath: path))
            let digest = try workspace.result(of: "run").digest
            for text in ["[\"abnormal\",\"normal\"]", "\"sampleRate\":2000", digest] {
                #expect(model.range(of: Data(text.utf8)) != nil, "\(text)")
            }
        }

        private func number(_ column: String, _ row: [String: String]) throws -> Double {
            try #require(row[column].flatMap(Double.init))
        }
    }
}
