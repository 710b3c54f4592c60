/// One file, or one synthetic recording.
public struct Recording: Hashable, Sendable {
    /// The file's path within the data folder.
    public let name: String

    /// An index into the dataset's classes.
    public let label: Int

    /// The site or the campaign that it was made at; nil where it is unknown.
    public let group: String?

    /// Whose heart it is; nil where it is unknown.
    public var subject: String?

    /// SHA-256 of the content.
    public let digest: String

    /// The dataset's samples that are windows of this recording.
    public let samples: Range<Int>
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
