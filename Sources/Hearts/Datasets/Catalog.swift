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
        private(set) var name: String
        private(set) var label: Int
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
        /// Whether it comes from data of its own for the test.
        var isOfTestData = false
        let content: Content

        init(
            name: String, label: Int, group: String? = nil, subject: String? = nil, location: String? = nil,
            part: Part? = nil, weight: Double = 1, content: Content
        ) {
            (self.name, self.label) = (name, label)
            (self.group, self.subject, self.location) = (group, subject, location)
            (self.part, self.weight, self.content) = (part, weight, content)
        }

        /// The same recording under another name, or in another class.
        func renamed(_ name: String, label: Int? = nil) -> Entry {
            var copy = self
            (copy.name, copy.label) = (name, label ?? self.label)
            return copy
        }
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

    /// Reads a source, without reading its recordings.
    ///
    /// - Parameter fewestClasses: One, where the classes are known already.
    package init(_ source: DataSource, _ labelling: Labelling = .init(), fewestClasses: Int = 2) throws {
        switch source {
        case .synthetic(let recordings, let seed):
            try self.init(recordings: recordings, synthesizer: HeartSoundSynthesizer(seed: seed))
        case .path(let path):
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw DatasetError(name: path, problem: "there is no such folder or table", remedy: "check the path")
            }
            if isFolder.boolValue {
                try self.init(contentsOf: Folder(path), labelling, fewestClasses: fewestClasses)
            } else if Self.content(ofFileAt: path) != nil {
                throw DatasetError(
                    name: path, problem: "is a recording, and no folder or table of recordings",
                    remedy: "give the folder that the folders of its classes lie in")
            } else if path.lowercased().hasSuffix(".xlsx") || path.lowercased().hasSuffix(".ods") {
                throw DatasetError(name: path, problem: "is a spreadsheet", remedy: "save it as CSV, and give that")
            } else {
                try self.init(tableAt: path, fewestClasses: fewestClasses)
            }
        }
        if labelling.diagnosis == .murmur && positiveClass == nil && fewestClasses > 1 {
            throw DatasetError(
                name: "\(source)", problem: "has no lists of murmurs",
                remedy: "leave out --label murmur, or give CirCor's folder")
        }
    }

    /// A folder, by what lies in it.
    init(contentsOf folder: Folder, _ labelling: Labelling, fewestClasses: Int) throws {
        let search = FolderSearch(folder)
        switch try search.publishedSet {
        case .circor(let copy):
            try self.init(circor: copy, search, labelling.diagnosis ?? .outcome)
            dropEmptyClasses(fewest: fewestClasses)
        case .physioNet(let sites): try self.init(physioNet: sites, search)
        case .pascal(let copy): try self.init(pascal: copy, search, fewestClasses: fewestClasses)
        case nil where !folder.parts.isEmpty:
            try self.init(parts: folder.parts, of: folder, labelling, fewestClasses: fewestClasses)
        case nil: try self.init(classFolders: folder, fewestClasses: fewestClasses)
        }
    }

    /// Leaves out classes that a published set knows and this part of it has nothing of, as long as enough remain.
    private mutating func dropEmptyClasses(fewest: Int) {
        let present = classes.indices.filter { label in entries.contains { $0.label == label } }
        guard present.count < classes.count, present.count >= max(fewest, 2) else { return }
        let labels = Dictionary(uniqueKeysWithValues: zip(present, present.indices))
        notes += classes.indices.filter { !present.contains($0) }.map { "there is nothing of the class \(classes[$0])" }
        classes = present.map { classes[$0] }
        entries = entries.map { $0.renamed($0.name, label: labels[$0.label]) }
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
