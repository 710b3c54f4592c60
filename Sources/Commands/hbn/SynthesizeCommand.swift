import ArgumentParser
import Audio
import Foundation
import Programs

/// `hbn synthesize`: writes synthetic heart sounds as files.
struct SynthesizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize",
        abstract: "Write synthetic heart sounds as WAV files into the class folders normal and abnormal.",
        discussion: "The same recordings as those of --data synthetic with the same seed.")

    @Option(help: "The folder to write to; it must not exist or be empty.")
    var output: String

    @Option(help: "How many recordings; every second one is abnormal.")
    var recordings = 400

    @Option(help: "Another seed makes other recordings. Training on synthetic data uses 1 unless told otherwise.")
    var seed: UInt64 = 2

    func validate() throws {
        guard (1...1_000_000).contains(recordings) else {
            throw ValidationError("--recordings: \(recordings) cannot be made; give 1 to 1000000")
        }
    }

    func run() throws {
        try reportingFailures {
            let present = (try? FileManager.default.contentsOfDirectory(atPath: output)) ?? []
            guard present.isEmpty else {
                throw RunFailure(.unusableArguments, "\(output): the folder is not empty; give a new one")
            }
            do {
                for name in ["normal", "abnormal"] {
                    try FileManager.default.createDirectory(
                        atPath: "\(output)/\(name)", withIntermediateDirectories: true)
                }
            } catch {
                throw RunFailure(.inputOutput, "\(output): the folder cannot be made; check its parent's permissions")
            }
            let synthesizer = HeartSoundSynthesizer(seed: seed)
            for index in 0..<recordings {
                let name = HeartSoundSynthesizer.isAbnormal(index) ? "abnormal" : "normal"
                let number = String(format: "%06d", index)
                do {
                    try synthesizer.recording(index).write(toWAV: "\(output)/\(name)/\(number).wav")
                } catch {
                    throw RunFailure(.inputOutput, "\(error)")
                }
            }
            print("\(output): \(recordings) recordings written")
        }
    }
}
