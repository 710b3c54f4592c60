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

    /// How many recordings of each class could not be used.
    public let lost: [Int]

    /// The class that is looked for, where the data is known to ask for one.
    public let positiveClass: String?

    /// What recordings are split and counted by.
    public let unit: SplitUnit

    /// What a person should know of the data, a sentence each.
    public let notes: [String]

    public let settings: DatasetSettings

    /// Of all pixels, recording by recording: other processors or libraries may make other pictures of the same
    /// recordings.
    ///
    /// As in `digest`, data of its own for the test is not in it.
    public let pixelDigest: String

    private let pixels: PixelBlock

    public var height: Int { settings.spectrogram.height }
    public var width: Int { settings.spectrogram.width }

    /// Were the recordings pictures already?
    public var isOfPictures: Bool { recordings.allSatisfy { $0.content.sound == nil } }

    /// Reads a source on all cores, as it stands.
    public init(
        _ source: DataSource, settings: DatasetSettings, cacheFolder: String? = nil,
        logger: Logger = Logger(label: "datasets"),
        progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws {
        try self.init(
            DataSelection(source), settings: settings, cacheFolder: cacheFolder, logger: logger, progress: progress)
    }

    /// Reads what a selection names, on all cores.
    ///
    /// - Parameters:
    ///   - cacheFolder: Where pictures of sound files are kept; nil takes the user's cache folder.
    ///   - progress: Called with the number of recordings done and of all, one call at a time, from any thread.
    /// - Throws: `DatasetError` when a folder, or a class that is not known already, has nothing usable. Single files
    ///   that cannot be used only end up in `skipped`.
    public init(
        _ selection: DataSelection, settings: DatasetSettings, cacheFolder: String? = nil,
        logger: Logger = Logger(label: "datasets"),
        progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws {
        let catalog = try Catalog(selection)
        let folder = cacheFolder ?? PictureCache.standardFolder()
        let cache = try PictureCache(folder: folder, settings: settings, logger: logger)
        let results = try catalog.render(settings: settings, cache: cache, progress: progress)

        var recordings: [Recording] = []
        var samples: [Sample] = []
        var skipped: [SkippedFile] = []
        var parts: [[UInt8]] = []
        var pixelDigest = SHA256()
        var lost = [Int](repeating: 0, count: catalog.classes.count)
        for (entry, result) in zip(catalog.entries, results) {
            switch result {
            case .success(let rendered):
                let count = rendered.pixels.count / settings.pictureSize
                samples += (0..<count).map { Sample(recording: recordings.count, label: entry.label, window: $0) }
                recordings.append(
                    Recording(
                        entry, digest: rendered.digest, content: rendered.content,
                        samples: samples.count - count..<samples.count))
                parts.append(rendered.pixels)
                if !entry.isOfTestData { pixelDigest.update("\(rendered.pixelDigest)\n") }
            case .failure(let file):
                skipped.append(file)
                lost[entry.label] += 1
            }
        }
        skipped += catalog.unlabelled
        try Self.check(catalog, recordings, skipped, isWhole: selection.classes == nil)
        classes = catalog.classes
        positiveClass = catalog.positiveClass
        unit = SplitUnit(recordings.map(\.subject), isSynthetic: catalog.isSynthetic)
        notes =
            catalog.notes + catalog.leftOutNotes + recordings.twinNotes + recordings.contradictionNotes(classes)
            + recordings.confounds(classes)
        self.recordings = recordings
        self.samples = samples
        self.skipped = skipped
        self.lost = lost
        self.settings = settings
        self.pixelDigest = pixelDigest.finalize()
        pixels = PixelBlock(taking: &parts)
    }

    /// Of the recordings' names, classes and contents, and of all else that a split goes by: patients and their groups,
    /// parts, weights, and what is joined or left out. Data of its own for the test is not in it, but what it leaves
    /// out of the training.
    ///
    /// Where there is none of all that, it is what it was before there was any, so that runs go on.
    public var digest: String {
        let marks = recordings.splitMarks
        var digest = SHA256()
        for (recording, mark) in zip(recordings, marks) where !recording.isOfTestData {
            let subject = recording.subject.map { "\0\($0)\0\(recording.group ?? "")" } ?? ""
            let part = recording.part.map { "\0part \($0.rawValue)" } ?? ""
            let weight = recording.weight == 1 ? "" : "\0weight \(recording.weight)"
            digest.update(
                "\(recording.name)\0\(classes[recording.label])\0\(recording.digest)\(subject)\(mark)\(part)\(weight)\n"
            )
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

    /// Refuses data in which a class has nothing left; where the classes are known already, data that has nothing at
    /// all.
    private static func check(
        _ catalog: Catalog, _ recordings: [Recording], _ skipped: [SkippedFile], isWhole: Bool
    ) throws {
        let first = skipped.first.map { ", the first skipped file being \($0.reason)" } ?? ""
        guard !recordings.isEmpty else {
            throw DatasetError(
                name: "the data", problem: "none of its \(catalog.entries.count) recordings can be used\(first)",
                remedy: "add recordings, or restore the files")
        }
        for (label, name) in catalog.classes.enumerated()
        where isWhole && !recordings.contains(where: { $0.label == label }) {
            let listed = catalog.entries.filter { $0.label == label }.count
            throw DatasetError(
                name: "class \(name)", problem: "none of its \(listed) recordings can be used\(first)",
                remedy: "add recordings of the class, or restore its files")
        }
    }
}
