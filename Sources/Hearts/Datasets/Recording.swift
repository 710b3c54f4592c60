import Foundation

/// One file, or one synthetic recording.
public struct Recording: Hashable, Sendable {
    /// The file's path within the data folder, or as a table has it.
    public let name: String

    /// An index into the dataset's classes.
    public let label: Int

    /// The site or the campaign that it was made at; nil where it is unknown.
    public let group: String?

    /// Whose heart it is; nil where it is unknown.
    public var subject: String?

    /// Where on the chest it was made; nil where it is unknown.
    public var location: String?

    /// What it is for, where the data says so; nil leaves that to the split.
    public var part: Part?

    /// How much it counts in the loss, beside others.
    public var weight = 1.0

    /// SHA-256 of the file, or of what was made.
    public let digest: String

    /// What the file holds, whatever its format.
    public let content: Content

    /// Where the file lies; its name again, of a synthetic one.
    public let path: String

    /// Whether it comes from data of its own for the test, beside what a run is about.
    var isOfTestData = false

    /// The dataset's samples that are windows of this recording.
    public let samples: Range<Int>

    /// The file's path without its ending: a sound and its picture, or the same in two formats, share it.
    var stem: String { Self.stem(ofFileAt: path) }

    static func stem(ofFileAt path: String) -> String {
        Catalog.content(ofFileAt: path) == nil ? path : (path as NSString).deletingPathExtension
    }

    /// What a file decodes to.
    public struct Content: Hashable, Sendable {
        /// SHA-256 of the samples and their rate, or of the pixels and their size: equal where a sound is stored in two
        /// ways.
        public let digest: String

        /// The sound's; nil of a picture.
        public var sound: Sound?

        /// Length and rate of a sound.
        public struct Sound: Hashable, Sendable {
            public let sampleRate: Int
            public let seconds: Double
        }
    }
}

extension Recording {
    init(_ entry: Catalog.Entry, digest: String, content: Content, samples: Range<Int>) {
        self.init(
            name: entry.name, label: entry.label, group: entry.group, subject: entry.subject, location: entry.location,
            part: entry.part, weight: entry.weight, digest: digest, content: content,
            path: entry.path, isOfTestData: entry.isOfTestData, samples: samples)
    }
}

/// One window of a recording: what the network sees at a time.
public struct Sample: Hashable, Sendable {
    /// An index into the dataset's recordings.
    public let recording: Int
    public let label: Int

    /// Counted from the recording's start.
    public let window: Int
}

/// A file that could not be used.
public struct SkippedFile: Codable, Hashable, Sendable {
    public let path: String

    /// One line that names the file.
    public let reason: String

    init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// A file that a list names, but that is not there.
    init(missing path: String, in list: String) {
        self.init(path: path, reason: "\(path): listed in \(list), but missing")
    }
}

/// A file or a folder that lies among the data and is no recording to use.
public struct PassedOver: Hashable, Sendable {
    /// The path within the data folder.
    public let name: String

    /// A few words, the same for all of a kind.
    public let reason: String
}

/// What recordings are for.
public enum Part: String, Codable, CaseIterable, Sendable {
    case training, validation, test

    /// The part that a folder's or a cell's name says, whatever its case.
    public init?(named name: String) {
        switch name.lowercased() {
        case "train", "training": self = .training
        case "val", "valid", "validation", "dev", "development": self = .validation
        case "test", "testing": self = .test
        default: return nil
        }
    }
}
