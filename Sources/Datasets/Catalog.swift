import Audio
import Foundation

/// What a data source holds, before anything is read.
package struct Catalog {
    enum Content {
        case sound(path: String)
        case picture(path: String)
        case synthetic(HeartSoundSynthesizer, index: Int)

        /// Listed, but not there.
        case missing(path: String, list: String)
    }

    struct Entry {
        /// The file's path within the data folder.
        let name: String
        let label: Int
        /// The site or the campaign that it was made at.
        var group: String?
        /// Whose heart it is.
        var subject: String?
        /// Where on the chest it was made.
        var location: String?
        /// What it is for, where the data says so.
        var part: Part?
        /// How much it counts in the loss.
        var weight = 1.0
        let content: Content
    }

    static let heartClasses = ["abnormal", "normal"]
    static let abnormal = 0
    static let normal = 1

    var classes: [String]

    /// The class that is looked for, where the data is known to ask for one.
    var positiveClass: String?

    var entries: [Entry]

    /// Recordings that are listed, but not with a class.
    var unlabelled: [SkippedFile] = []

    /// Sound files that no list names: they do not count.
    var unlisted: [String] = []

    /// All else that lies there and is not used, each with the reason.
    var passedOver: [PassedOver] = []

    /// What a person should know of the data, a sentence each.
    var notes: [String] = []

    package init(_ source: DataSource, _ labelling: Labelling = .init()) throws {
        switch source {
        case .synthetic(let recordings, let seed):
            try self.init(recordings: recordings, synthesizer: HeartSoundSynthesizer(seed: seed))
        case .path(let path):
            let folder = try Folder(path)
            let search = FolderSearch(folder)
            switch (try search.publishedSet, labelling.diagnosis) {
            case (.circor(let copy), let diagnosis): try self.init(circor: copy, search, diagnosis ?? .outcome)
            case (_, .murmur):
                throw DatasetError(
                    name: path, problem: "is not CirCor's data, and only of those is the murmur known",
                    remedy: "give CirCor's folder, or do not ask for murmurs")
            case (.physioNet(let sites), _): try self.init(physioNet: sites, search)
            case (.pascal(let copy), _): try self.init(pascal: copy, search)
            case (nil, _): try self.init(classFolders: folder)
            }
        }
    }

    init(classes: [String], entries: [Entry]) {
        self.classes = classes
        self.entries = entries
    }

    private init(recordings: Int, synthesizer: HeartSoundSynthesizer) throws {
        guard (2...1_000_000).contains(recordings) else {
            throw DatasetError(
                name: "synthetic data", problem: "\(recordings) recordings cannot be made",
                remedy: "ask for 2 to 1000000")
        }
        let entries = (0..<recordings).map { index in
            let label = HeartSoundSynthesizer.isAbnormal(index) ? Self.abnormal : Self.normal
            let name = "\(Self.heartClasses[label])/" + String(format: "%06d", index) + ".wav"
            return Entry(name: name, label: label, content: .synthetic(synthesizer, index: index))
        }
        self.init(classes: Self.heartClasses, entries: entries)
    }
}
