import Digests
import Logging

/// Recordings cut into samples, with a picture of each in memory.
public struct Dataset: Sendable {
    /// The names of the classes; a label is an index into them.
    public let classes: [String]
    public let recordings: [Recording]

    /// The windows of all recordings, recording by recording.
    public let samples: [Sample]

    /// The files that could not be used, in the order of the source.
    public let skipped: [SkippedFile]

    public let settings: DatasetSettings

    private let pixels: PixelBlock

    public var height: Int { settings.spectrogram.height }
    public var width: Int { settings.spectrogram.width }

    /// Were the recordings pictures already?
    public var isOfPictures: Bool {
        recordings.allSatisfy { if case .picture = Catalog.content(ofFileAt: $0.name) { true } else { false } }
    }

    /// Reads a source on all cores.
    ///
    /// - Parameters:
    ///   - cacheFolder: Where pictures of sound files are kept; nil takes the user's cache folder.
    ///   - progress: Called with the number of recordings done and of all, one call at a time, from any thread.
    /// - Throws: `DatasetError` when a folder or a class has nothing usable. Single files that cannot be used only end
    ///   up in `skipped`.
    public init(
        _ source: DataSource, settings: DatasetSettings, cacheFolder: String? = nil,
        logger: Logger = Logger(label: "datasets"),
        progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws {
        let catalog = try Catalog(source)
        let folder = cacheFolder ?? PictureCache.standardFolder()
        let cache = try PictureCache(folder: folder, settings: settings, logger: logger)
        let results = try catalog.render(settings: settings, cache: cache, progress: progress)

        var recordings: [Recording] = []
        var samples: [Sample] = []
        var skipped: [SkippedFile] = []
        var parts: [[UInt8]] = []
        for (entry, result) in zip(catalog.entries, results) {
            switch result {
            case .success(let rendered):
                let count = rendered.pixels.count / settings.pictureSize
                samples += (0..<count).map { Sample(recording: recordings.count, label: entry.label, window: $0) }
                recordings.append(
                    Recording(
                        name: entry.name, label: entry.label, group: entry.group, subject: entry.subject,
                        digest: rendered.digest,
                        samples: samples.count - count..<samples.count))
                parts.append(rendered.pixels)
            case .failure(let file):
                skipped.append(file)
            }
        }
        skipped += catalog.unlabelled
        try Self.check(catalog, recordings, skipped)
        classes = catalog.classes
        self.recordings = recordings
        self.samples = samples
        self.skipped = skipped
        self.settings = settings
        pixels = PixelBlock(taking: &parts)
    }

    /// Of the recordings' names, classes and contents, and of subjects and their groups where they are known: of all that
    /// a split goes by.
    public var digest: String {
        var digest = SHA256()
        for recording in recordings {
            let subject = recording.subject.map { "\0\($0)\0\(recording.group ?? "")" } ?? ""
            digest.update("\(recording.name)\0\(classes[recording.label])\0\(recording.digest)\(subject)\n")
        }
        return digest.finalize()
    }

    /// A sample's picture, `[height, width, 3]`.
    public func withPixels<Result>(
        of sample: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result {
        precondition(samples.indices.contains(sample), "sample \(sample) of \(samples.count)")
        let size = settings.pictureSize
        return try pixels.withBytes(in: sample * size..<(sample + 1) * size, body)
    }

    /// Refuses data in which a class has nothing left.
    private static func check(_ catalog: Catalog, _ recordings: [Recording], _ skipped: [SkippedFile]) throws {
        for (label, name) in catalog.classes.enumerated() where !recordings.contains(where: { $0.label == label }) {
            let listed = catalog.entries.filter { $0.label == label }.count
            let first = skipped.first.map { ", the first skipped file being \($0.reason)" } ?? ""
            throw DatasetError(
                name: "class \(name)", problem: "none of its \(listed) recordings can be used\(first)",
                remedy: "add recordings of the class, or restore its files")
        }
    }
}
