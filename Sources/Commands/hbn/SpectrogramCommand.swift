import ArgumentParser
import Audio
import Datasets
import Foundation
import Images
import Programs
import Runs
import Spectrograms

/// `hbn spectrogram`: the pictures the network would see.
struct SpectrogramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spectrogram",
        abstract: "Write the mel spectrogram pictures of sound files, keeping their folders.")

    @Argument(help: "A sound file (WAV, FLAC, MP3, Ogg, AIFF …), or a folder of them.")
    var path: String

    @Option(help: "The folder for the PNG files, none of which may exist.")
    var output: String

    @Option(help: "The pictures' height in pixels.")
    var height = 432

    @Option(help: "The pictures' width in pixels.")
    var width = 288

    @OptionGroup var signal: SignalOptions

    func run() throws {
        try reportingFailures {
            let transform: SpectrogramTransform
            do {
                var settings = SpectrogramSettings(height: height, width: width)
                signal.apply(to: &settings)
                transform = try SpectrogramTransform(settings)
            } catch {
                throw RunFailure(.unusableArguments, "\(error)")
            }
            let files = try soundFiles()
            let pictures = files.map { "\(output)/" + ($0.name as NSString).deletingPathExtension + ".png" }
            let known = Set(pictures).filter(FileManager.default.fileExists(atPath:)).sorted()
            guard known.isEmpty else {
                throw RunFailure(
                    .unusableArguments,
                    "--output \(output): \(known.count) of the pictures exist, such as \(known[0]); choose another folder"
                )
            }
            var written: Set<String> = []
            var failures: [String] = []
            for (file, picture) in zip(files, pictures) {
                do {
                    guard !written.contains(picture) else {
                        failures.append("\(file.path): the picture of another sound has its name; rename it")
                        continue
                    }
                    try write(transform.image(of: Sound(contentsOf: file.path)), to: picture)
                    written.insert(picture)
                } catch let failure as RunFailure {
                    throw failure
                } catch {
                    failures.append("\(error)")
                }
            }
            for failure in failures { StandardStreams.printError("skipped: \(failure)\n") }
            guard failures.count < files.count else {
                throw RunFailure(.badData, "\(path): none of its \(files.count) sound files can be used; restore them")
            }
            try OutputMark.put(in: output)
            print("\(output): \(written.count) pictures written, \(failures.count) files skipped")
        }
    }

    /// Where each sound lies, and its path within the folder given.
    private func soundFiles() throws -> [(path: String, name: String)] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw RunFailure(.badData, "\(path): no such file or folder; check the path")
        }
        guard isFolder.boolValue else { return [(path, (path as NSString).lastPathComponent)] }
        let names = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).sorted()
        let sounds = names.filter { Sound.fileEndings.contains(($0 as NSString).pathExtension.lowercased()) }
        guard !sounds.isEmpty else {
            throw RunFailure(.badData, "\(path): holds no sound files; give another folder")
        }
        return sounds.map { ("\(path)/\($0)", $0) }
    }

    private func write(_ image: Image, to target: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try image.write(toPNG: target)
        } catch {
            throw RunFailure(.inputOutput, "\(target): cannot be written; check the folder's permissions and space")
        }
    }
}
