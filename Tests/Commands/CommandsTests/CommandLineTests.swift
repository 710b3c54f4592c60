import Foundation
import Testing

/// A command that cannot be carried out: one line beginning with "error:" names what is wrong, and nothing else is
/// said but the log's lines, which begin with the time.
private struct Refusal: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let program: String
    /// `@name` is that file or folder of the workspace.
    let arguments: [String]
    let status: Int32
    /// What the line says.
    let naming: [String]
    let prepare: @Sendable (Workspace) throws -> Void

    init(
        _ description: String, _ status: Int32, _ naming: String..., by command: String,
        given prepare: @escaping @Sendable (Workspace) throws -> Void = { _ in }
    ) {
        testDescription = description
        self.status = status
        self.naming = naming
        self.prepare = prepare
        let words = command.split(separator: " ").map(String.init)
        program = words[0]
        arguments = Array(words.dropFirst())
    }

    func check() throws {
        try Workspace.use { workspace in
            try prepare(workspace)
            let tiny = program == "hbn-coordinator" && !arguments.contains("--resume") ? TinyRun.model : []
            let outcome = try workspace.run(
                program, tiny + arguments.map { $0.replacing("@", with: workspace.path + "/") })
            #expect(outcome.status == status)
            expectOneError(outcome.errors, naming: naming)
        }
    }
}

func expectOneError(_ text: String, naming: [String]) {
    let lines = text.split(separator: "\n")
    let errors = lines.filter { $0.hasPrefix("error: ") }
    #expect(errors.count == 1, "\(text)")
    for part in naming { #expect(errors.first?.contains(part) == true, "\"\(part)\" in \(text)") }
    #expect(lines.allSatisfy { $0.hasPrefix("error: ") || $0.contains(#/^\d\d:\d\d:\d\d /#) }, "\(text)")
}

/// Four recordings in two class folders.
private func makeData(_ workspace: Workspace) throws {
    try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "4"])
}

private func sounds(_ workspace: Workspace, _ name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: workspace("data/\(name)")).sorted().map { "data/\(name)/\($0)" }
}

private func makeFolder(_ name: String) -> @Sendable (Workspace) throws -> Void {
    { try FileManager.default.createDirectory(atPath: $0(name), withIntermediateDirectories: true) }
}

private let unusableArguments = [
    Refusal("height 33", 2, "33", "multiple of 16", by: "hbn-coordinator --output @run --height 33"),
    Refusal("an unknown option", 2, "--colour", by: "hbn-coordinator --colour red"),
    Refusal("an unknown subcommand", 2, "sing", by: "hbn sing"),
    Refusal("no number", 2, "--epochs", "many", by: "hbn-coordinator --epochs many"),
    Refusal("an unknown fill mode", 2, "--fill-mode", "mirror", "reflect", by: "hbn-coordinator --fill-mode mirror"),
    Refusal("too large a mask", 2, "mask size", "1.5", by: "hbn-coordinator --time-masks 1 --mask-size 1.5"),
    Refusal("no workers", 2, "--local", by: "hbn-coordinator --local 0 --output @run"),
    Refusal("output not empty", 2, "/run", "not empty", by: "hbn-coordinator --output @run") {
        try $0.write([1], to: "run/precious")
    },
    Refusal("listening to the world", 2, "--insecure", by: "hbn-coordinator --listen tcp://0.0.0.0:5555 --output @run"),
    Refusal(
        "a key and none", 2, "--insecure",
        by: "hbn-coordinator --listen tcp://127.0.0.1:* --cluster-key @key --insecure --output @run"),
    Refusal("a key for local workers", 2, "--listen", by: "hbn-coordinator --cluster-key @key --output @run"),
    Refusal(
        "a key that others may read", 2, "chmod 600", by: "hbn-worker --connect tcp://127.0.0.1:1 --cluster-key @key"
    ) {
        try $0.succeed("hbn", ["keygen", $0("key")])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: $0("key"))
    },
    Refusal(
        "a key that the group may read", 2, "chmod 600", by: "hbn-worker --connect tcp://127.0.0.1:1 --cluster-key @key"
    ) {
        try $0.succeed("hbn", ["keygen", $0("key")])
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: $0("key"))
    },
    Refusal("listening nowhere", 2, "--listen", "5555", by: "hbn-coordinator --insecure --listen 5555 --output @run"),
    Refusal("a worker's malformed endpoint", 2, "nowhere", by: "hbn-worker --connect nowhere"),
    Refusal("a worker's impossible port", 2, "99999", by: "hbn-worker --connect tcp://127.0.0.1:99999"),
    Refusal("listening without a port", 2, "--listen", by: "hbn-coordinator --listen tcp://127.0.0.1 --output @run"),
    Refusal("a worker's endpoint without a port", 2, "--connect", by: "hbn-worker --connect tcp://127.0.0.1"),
    Refusal("a server's empty endpoint", 2, "--connect", by: "hbn-parameter-server --connect tcp://"),
    Refusal(
        "a server that listens without a port", 2, "--listen",
        by: "hbn-parameter-server --connect tcp://127.0.0.1:1 --listen tcp://127.0.0.1"),
    Refusal(
        "a server that listens to the world", 2, "--insecure",
        by: "hbn-parameter-server --connect tcp://127.0.0.1:1 --listen tcp://0.0.0.0:5555"),
    Refusal("too many audits", 2, "--audit", by: "hbn-coordinator --audit 2 --output @run"),
    Refusal(
        "other bits and none", 2, "--strict-numerics", "--allow-other-bits",
        by: "hbn-coordinator --strict-numerics --allow-other-bits --output @run"),
    Refusal("servers of a local run", 2, "--min-servers", by: "hbn-coordinator --min-servers 1 --output @run"),
    Refusal("a benchmark on no lane", 2, "lanes", by: "hbn benchmark step --lanes 0"),
    Refusal("choices over a file", 2, "/a", "exists", by: "hbn benchmark convolutions --output @a") {
        try $0.write([1], to: "a")
    },
    Refusal(
        "a split without training", 2, "--validation-fraction", by: "hbn dataset check @data --validation-fraction 1"),
    Refusal("changing a run", 2, "--resume", by: "hbn-coordinator --resume @run --epochs 3"),
    Refusal("changing a run's pictures", 2, "--resume", by: "hbn-coordinator --resume @run --level-bands"),
    Refusal("an odd transform", 2, "fftSize", "1023", by: "hbn-coordinator --fft-size 1023 --output @run"),
    Refusal("no hop", 2, "hop", by: "hbn-coordinator --hop 0 --output @run"),
    Refusal("bands of nothing", 2, "126 of 128", by: "hbn-coordinator --band-pass 25-26 --output @run"),
    Refusal(
        "changing a run's beginning", 2, "--resume", by: "hbn-coordinator --resume @run --initial-parameters @a"),
    Refusal(
        "exporting in an unknown format", 2, "--format", "tiff", "onnx",
        by: "hbn export --run @run --format tiff --output @m"),
    Refusal("exporting over a file", 2, "/m", "exists", by: "hbn export --run @run --format onnx --output @m") {
        try $0.write([1], to: "m")
    },
    Refusal(
        "exporting over another model's parameters", 2, "/m.data", "exists",
        by: "hbn export --run @run --format onnx --output @m"
    ) {
        try $0.write([1], to: "m.data")
    },
]

private let badData = [
    Refusal(
        "a named pipe for a key", 65, "a named pipe", by: "hbn-worker --connect tcp://127.0.0.1:1 --cluster-key @key"
    ) {
        mkfifo($0("key"), 0o600)
    },
    Refusal("a file that is no key", 65, "keygen", by: "hbn-worker --connect tcp://127.0.0.1:1 --cluster-key @key") {
        try $0.write([1, 2, 3], to: "key")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: $0("key"))
    },
    Refusal("missing data", 65, "/nowhere", by: "hbn-coordinator --data @nowhere --output @run"),
    Refusal(
        "empty data", 65, "/data", "empty", by: "hbn-coordinator --data @data --output @run", given: makeFolder("data")),
    Refusal("a single class", 65, "/data", "two classes", by: "hbn-coordinator --data @data --output @run") {
        try makeData($0)
        try FileManager.default.removeItem(atPath: $0("data/normal"))
    },
    Refusal(
        "a class without a usable file", 65, "class normal", "none of its 2",
        by: "hbn-coordinator --data @data --output @run"
    ) {
        try makeData($0)
        for (name, bytes) in zip(try sounds($0, "normal"), [[], Array("RIFF nonsense".utf8)]) {
            try $0.write(bytes, to: name)
        }
    },
    Refusal("resuming what is not there", 65, "/run", "config.json", by: "hbn-coordinator --resume @run"),
    Refusal(
        "resuming what is no run", 65, "/run", "config.json", by: "hbn-coordinator --resume @run",
        given: makeFolder("run")),
    Refusal("resuming a garbled run", 65, "config.json", by: "hbn-coordinator --resume @run") {
        try $0.write(Array("{\"seed\": 1".utf8), to: "run/config.json")
    },
    Refusal("inspecting garbage", 65, "/a.safetensors", by: "hbn inspect @a.safetensors") {
        try $0.write(Array(repeating: 255, count: 100), to: "a.safetensors")
    },
    Refusal("a gradient of garbage", 65, "/a", by: "hbn gradient --parameters @a --batch @a --output @g") {
        try $0.write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: "a")
    },
    Refusal(
        "convolutions by what there is no more", 65, "/a", "library-winograd", "anew",
        by: "hbn-coordinator --convolutions @a --output @run"
    ) {
        try $0.write(Array(#"{"preferred": "library-winograd", "measured": {}}"#.utf8), to: "a")
    },
    Refusal("no file of convolutions", 65, "/a", by: "hbn-coordinator --convolutions @a --output @run"),
    Refusal(
        "convolutions of another model", 65, "/a", "--base-filters",
        by: "hbn-coordinator --convolutions @a --output @run"
    ) {
        let text = "{\"preferred\": \"winograd\", \"measured\": {\"conv 3x3 7->7 7x7 forward\": \"direct\"}}"
        try $0.write(Array(text.utf8), to: "a")
    },
    Refusal("a garbled file of convolutions", 65, "/a", by: "hbn benchmark step --convolutions @a") {
        try $0.write(Array("{\"preferred\": \"guess\"}".utf8), to: "a")
    },
    Refusal("equal sounds in two classes", 65, "/data", "1 contradictory", by: "hbn dataset check @data") {
        try makeData($0)
        try Data(contentsOf: URL(fileURLWithPath: $0(sounds($0, "normal")[0])))
            .write(to: URL(fileURLWithPath: $0("data/abnormal/copy.wav")))
    },
    Refusal("a broken file", 65, "/data", "1 broken", by: "hbn dataset check @data --json") {
        try makeData($0)
        try $0.write([1], to: "data/normal/noise.flac")
    },
    Refusal("exporting no run", 65, "/run", by: "hbn export --run @run --format onnx --output @m"),
    Refusal("evaluating no run", 65, "/run", by: "hbn evaluate --run @run --data synthetic --output @scores"),
]

extension ClusterTests {
    @Suite struct CommandLineTests {
        @Test(arguments: unusableArguments + badData)
        fileprivate func aFailureIsOneLineThatNamesTheThing(refusal: Refusal) throws {
            try refusal.check()
        }

        /// In a configuration that is given, in a run's folder and in that of a cross-validation.
        @Test func aSettingThatThereIsNotIsNamed() throws {
            try Workspace.use { workspace in
                try makeData(workspace)
                let options = TinyRun.model + ["--data", workspace("data"), "--epochs", "1", "--folds", "2"]
                let outcome = try workspace.run(
                    "hbn-coordinator", options + ["--output", workspace("folds"), "--local", "1"])
                #expect(outcome.status == 0, "\(outcome.errors)")
                let cases = [
                    ("folds/fold-1/config.json", ["--resume", workspace("folds/fold-1")]),
                    ("folds/fold-1/config.json", ["--config", workspace("folds/fold-1/config.json")]),
                    ("folds/folds.json", ["--resume", workspace("folds")]),
                ]
                for (name, options) in cases {
                    let text = try workspace.text(of: name)
                    let changed = text.replacing(#/"learningRate"/#, with: #""learningrate": 3, "learningRate""#)
                    #expect(changed != text)
                    try workspace.write(Array(changed.utf8), to: name)
                    let outcome = try workspace.run("hbn-coordinator", options + ["--describe"])
                    #expect(outcome.status == 65)
                    expectOneError(
                        outcome.errors,
                        naming: [workspace(name), "optimizer.learningrate is no setting; did you mean learningRate?"])
                    try workspace.write(Array(text.utf8), to: name)
                }
            }
        }

        @Test func aWorkerThatFindsNobodyGivesUp() throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-worker", ["--connect", "tcp://127.0.0.1:1", "--connect-timeout", "1"])
                #expect(outcome.status == 69)
                expectOneError(outcome.errors, naming: ["tcp://127.0.0.1:1"])
            }
        }

        @Test func whatAnotherCoordinatorHoldsIsRefused() throws {
            try Workspace.use { workspace in
                let (first, endpoint) = try workspace.listen(.long)
                let samePort = try workspace.run(
                    "hbn-coordinator", TinyRun.long.options + ["--listen", endpoint, "--output", workspace("other")])
                #expect(samePort.status == 74)
                expectOneError(samePort.errors, naming: [endpoint, "in use"])
                let sameFolder = try workspace.run("hbn-coordinator", ["--resume", workspace("run")])
                #expect(sameFolder.status == 74)
                expectOneError(sameFolder.errors, naming: [workspace("run"), "another coordinator"])
                first.end()
            }
        }

        @Test func aCheckCountsWhatThereIs() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "10"])
                let text = try workspace.succeed("hbn", ["dataset", "check", workspace("data")])
                #expect(text.contains("10 recordings") && text.contains("8 train, 2 validate"))
                #expect(text.hasSuffix("nothing is wrong\n"))
                let json = try workspace.succeed("hbn", ["dataset", "check", workspace("data"), "--json"])
                let check = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
                #expect(check?["validation"] as? Int == 2)
                #expect(check?["sample_rates"] as? [String: [String: Int]] == ["2000": ["abnormal": 5, "normal": 5]])
            }
        }

        @Test func unusableRecordingsAreNamedAndPassedOver() throws {
            try Workspace.use { workspace in
                try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "8"])
                let bad = Array(try sounds(workspace, "normal").prefix(2))
                try workspace.write([], to: bad[0])
                try workspace.write(Array("RIFF nonsense".utf8), to: bad[1])
                let outcome = try workspace.run(
                    "hbn-coordinator",
                    TinyRun.model + ["--data", workspace("data"), "--epochs", "1", "--output", workspace("run")])
                #expect(outcome.status == 0)
                #expect(outcome.output.contains("6 recordings"))
                for name in bad { #expect(outcome.errors.contains("skipped: \(workspace(name))")) }
                #expect(try workspace.table("run/skipped.csv").count == 2)
            }
        }

        @Test(arguments: ["info\r", " debug ", ""]) func blanksBehindALevelOfTheLogAreNone(level: String) throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-worker", ["--connect", "tcp://127.0.0.1:1", "--connect-timeout", "1"],
                    environment: ["HBN_LOG": level])
                #expect(outcome.status == 69)
            }
        }

        @Test func anUnknownLevelOfTheLogIsRefused() throws {
            try Workspace.use { workspace in
                let worker = try RunningProgram(
                    "hbn-worker", ["--connect", "tcp://127.0.0.1:1"], environment: ["HBN_LOG": "loud"],
                    path: workspace("worker"))
                defer { worker.end() }
                let outcome = try worker.outcome()
                #expect(outcome.status == 2)
                expectOneError(outcome.errors, naming: ["HBN_LOG=loud", "warning"])
            }
        }

        @Test func picturesLieInTheirSoundsFoldersAndReplaceNothing() throws {
            try Workspace.use { workspace in
                try makeData(workspace)
                let sound = try Data(contentsOf: URL(fileURLWithPath: workspace(sounds(workspace, "normal")[0])))
                for name in ["a.WAV", "a.wav", "b.wav"] { try workspace.write(Array(sound), to: "sounds/site/\(name)") }
                let draw = [
                    "spectrogram", workspace("sounds"), "--output", workspace("pictures"), "--height", "32", "--width",
                    "48",
                ]
                let outcome = try workspace.run("hbn", draw)
                #expect(outcome.status == 0 && outcome.output.contains("2 pictures written, 1 files skipped"))
                #expect(outcome.errors.contains("site/a.wav: the picture of another sound has its name"))
                let picture = URL(fileURLWithPath: workspace("pictures/site/a.png"))
                let before = try Data(contentsOf: picture)
                let again = try workspace.run("hbn", draw + ["--channels", "mel"])
                #expect(again.status == 2)
                expectOneError(again.errors, naming: ["2 of the pictures exist", "site/a.png"])
                #expect(try Data(contentsOf: picture) == before)
            }
        }

        @Test func anEditedOrCutModelIsRefused() throws {
            try Workspace.use { workspace in
                try makeData(workspace)
                let sound = workspace(try sounds(workspace, "normal")[0])
                try workspace.succeed(
                    "hbn-coordinator",
                    TinyRun.model + ["--data", workspace("data"), "--epochs", "1", "--output", workspace("run")])
                let whole = try Data(contentsOf: URL(fileURLWithPath: workspace("run/final.safetensors")))
                var edited = whole
                edited[edited.count - 100] ^= 1
                for file in [edited, whole.dropLast(100), Data()] {
                    try workspace.write(Array(file), to: "run/final.safetensors")
                    let inspect = ["inspect", workspace("run"), "--digest"]
                    let predict = ["predict", "--run", workspace("run"), sound]
                    for arguments in [inspect, predict] {
                        let outcome = try workspace.run("hbn", arguments)
                        #expect(outcome.status == 65, "\(arguments[0]), \(file.count) of \(whole.count) bytes")
                        expectOneError(outcome.errors, naming: ["final.safetensors"])
                    }
                }
                try workspace.write(Array(whole), to: "run/final.safetensors")
                let outcome = try workspace.run(
                    "hbn", ["predict", "--run", workspace("run"), workspace("no.wav"), sound])
                #expect(outcome.status == 65)
                expectOneError(outcome.errors, naming: ["no.wav"])
                #expect(outcome.output.contains(sound), "the other file is scored all the same")
            }
        }
    }
}
