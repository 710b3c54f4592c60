import Audio
import Digests
import Dispatch
import Images
import Synchronization

/// What a check of a data folder reads from one recording.
struct Examination {
    /// SHA-256 of the file.
    let digest: String

    let content: Recording.Content

    /// How many samples a run cuts of it.
    let windows: Int

    /// Nil for a picture.
    var sound: SoundFacts?
}

extension Catalog {
    /// Decodes all entries, on all cores.
    func examine(settings: DatasetSettings) throws -> [Result<Examination, SkippedFile>] {
        let windowing = try settings.windowing()
        let results = Mutex<[Result<Examination, SkippedFile>?]>(Array(repeating: nil, count: entries.count))
        DispatchQueue.concurrentPerform(iterations: entries.count) { index in
            let entry = entries[index]
            let result = Result { try entry.examine(windowing, sampleRate: settings.spectrogram.sampleRate) }
                .mapError { $0 as? SkippedFile ?? SkippedFile(path: entry.path, reason: "\($0)") }
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.compactMap { $0 } }
    }
}

extension Catalog.Entry {
    fileprivate func examine(_ windowing: Windowing?, sampleRate: Int) throws -> Examination {
        func windows(of sound: Sound) throws -> Int {
            try windowing?.starts(in: sound.sampleCount(resampledTo: sampleRate)).count ?? 1
        }
        switch content {
        case .sound(let path):
            let sound = try Sound(contentsOf: path)
            let facts = SoundFacts(
                sound, channels: try Sound.channels(inFileAt: path), missingBytes: Sound.missingBytes(inFileAt: path))
            return Examination(
                digest: try SHA256.digest(ofFileAt: path),
                content: .init(of: sound),
                windows: try windows(of: sound), sound: facts)
        case .picture(let path):
            let image = try Image(contentsOf: path)
            return Examination(
                digest: try SHA256.digest(ofFileAt: path),
                content: .init(of: image), windows: 1)
        case .synthetic(let synthesizer, let index):
            let sound = synthesizer.recording(index)
            return Examination(
                digest: sound.samples.withUnsafeBytes { SHA256.digest(of: $0) }, content: .init(of: sound),
                windows: try windows(of: sound),
                sound: SoundFacts(sound, channels: 1, missingBytes: 0))
        case .missing(let path, let list):
            throw SkippedFile(missing: path, in: list)
        }
    }
}
