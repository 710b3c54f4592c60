import Foundation
import Testing

/// Files that are not what their names say, as the programs meet them.
@Suite(.timeLimit(.minutes(2))) struct StrangeFilesTests {
    private static func makePipe(_ workspace: Workspace, _ name: String) {
        #expect(mkfifo(workspace(name), 0o600) == 0)
    }

    /// A decoder of MP3 has something to say of each of these frames.
    @Test func decodersDoNotSpeakToThePerson() throws {
        try Workspace.use { workspace in
            var frames: [UInt8] = []
            for place in 0..<40 * 413 {
                if place % 413 == 0 { frames += [0xFF, 0xFB, 0x90, 0] }
                frames.append(UInt8(place * 2_654_435_761 >> 13 & 0x7F))
            }
            try workspace.write(frames, to: "a.mp3")
            let outcome = try workspace.run("hbn", ["spectrogram", workspace("a.mp3"), "--output", workspace("p")])
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        }
    }

    @Test func aPipeAmongRecordingsIsNamedAndTheOthersAreUsed() throws {
        try Workspace.use { workspace in
            try workspace.succeed("hbn", ["synthesize", "--output", workspace("data"), "--recordings", "4"])
            let folder = try FileManager.default.contentsOfDirectory(atPath: workspace("data")).sorted()[0]
            Self.makePipe(workspace, "data/\(folder)/pipe.wav")
            let words = "pipe.wav: not a regular file (a named pipe)"
            for (arguments, status) in [
                (["dataset", "check", workspace("data")], 65),
                (["spectrogram", workspace("data"), "--output", workspace("pictures")], 0),
            ] as [([String], Int32)] {
                let outcome = try workspace.run("hbn", arguments)
                #expect(outcome.status == status)
                #expect((outcome.errors + outcome.output).contains(words), "\(outcome.errors)")
            }
        }
    }

    @Test(arguments: [
        (["predict", "--run", "@run", "@a.wav"], "run/config.json", 74 as Int32),
        (["inspect", "@a.safetensors"], "a.safetensors", 74),
    ])
    func aPipeInPlaceOfAFileIsRefused(arguments: [String], name: String, status: Int32) throws {
        try Workspace.use { workspace in
            try FileManager.default.createDirectory(atPath: workspace("run"), withIntermediateDirectories: true)
            Self.makePipe(workspace, name)
            let outcome = try workspace.run("hbn", arguments.map { $0.replacing("@", with: workspace.path + "/") })
            #expect(outcome.status == status)
            expectOneError(outcome.errors, naming: ["\(name): not a regular file (a named pipe)"])
        }
    }
}
