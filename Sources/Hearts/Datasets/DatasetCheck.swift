import Foundation

/// What a data folder holds and what is wrong with it. All files are decoded, and no pictures made.
public struct DatasetCheck: Encodable, Sendable {
    /// The recordings of a class, or those of a class and a group.
    public struct Part: Encodable, Hashable, Sendable {
        public let className: String

        /// Nil where it is unknown, or where all groups are meant.
        public let group: String?
        public let recordings: Int
        public let windows: Int

        /// Nil where no subject is known.
        public let subjects: Int?

        /// Of sounds that are clipped: where a class has most of them, a model may learn the recorder's gain.
        public let clipped: Int

        /// Nil where there are no sounds.
        public let seconds: Seconds?

        enum CodingKeys: String, CodingKey {
            case className = "class"
            case group, recordings, windows, subjects, clipped, seconds
        }
    }

    /// A recording, and where such a run has it.
    public struct Place: Encodable, Hashable, Sendable {
        public let file: String
        public let className: String
        public let patient: String?
        public let site: String?

        /// training, validation, test, or none where it is left out.
        public let side: String

        enum CodingKeys: String, CodingKey {
            case file, patient, site, side
            case className = "class"
        }
    }

    /// The lengths of sounds.
    public struct Seconds: Encodable, Hashable, Sendable {
        public let least: Double
        public let median: Double
        public let greatest: Double
        public let total: Double

        init?(_ lengths: [Double]) {
            guard !lengths.isEmpty else { return nil }
            let sorted = lengths.sorted()
            let middle = sorted.count / 2
            least = sorted[0]
            median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
            greatest = sorted[sorted.count - 1]
            total = sorted.reduce(0, +)
        }
    }

    /// A part for each class.
    public let classes: [Part]

    /// A part for each class and group that have recordings.
    public let groups: [Part]

    /// For each sample rate in hertz, the number of sounds by class; for each number of channels, the same.
    public let sampleRates: [Int: [String: Int]]
    public let channels: [Int: [String: Int]]

    /// Recordings on either side of the split that a run of the same settings makes, and those of the data's own test
    /// part.
    public let training: Int
    public let validation: Int
    public let test: Int

    /// Every recording that can be used.
    public let recordings: [Place]

    /// What recordings are split by.
    public let unit: SplitUnit

    /// How many patients are known.
    public let patients: Int

    /// The class that is looked for, where the data is known to ask for one.
    public let positiveClass: String?

    /// By kind.
    public let findings: [Finding]

    enum CodingKeys: String, CodingKey {
        case classes, groups, channels, training, validation, test, recordings, unit, patients, findings
        case sampleRates = "sample_rates"
        case positiveClass = "positive_class"
    }

    /// Reads a source on all cores, as it stands.
    init(_ source: DataSource, settings: DatasetSettings, validationFraction: Double, seed: UInt64) throws {
        try self.init(
            DataSelection(source), settings: settings, validationFraction: validationFraction, seed: seed)
    }

    /// Reads what a selection names, on all cores. `settings`, `validationFraction` and `seed` are those of the run
    /// that is meant.
    public init(_ selection: DataSelection, settings: DatasetSettings, validationFraction: Double, seed: UInt64) throws
    {
        let catalog = try Catalog(selection)
        var findings = catalog.unlabelled.map { Finding(kind: .broken, files: [$0.path], text: $0.reason) }
        var usable: [(entry: Catalog.Entry, examination: Examination)] = []
        var recordings: [Recording] = []
        for (entry, result) in zip(catalog.entries, try catalog.examine(settings: settings)) {
            switch result {
            case .success(let examination):
                let start = recordings.last?.samples.upperBound ?? 0
                usable.append((entry, examination))
                recordings.append(
                    Recording(
                        entry, digest: examination.digest, content: examination.content,
                        samples: start..<start + examination.windows))
            case .failure(let file):
                findings.append(Finding(kind: .broken, files: [entry.name], text: file.reason))
            }
        }

        findings += catalog.classes.enumerated().filter { label, _ in !recordings.contains { $0.label == label } }.map {
            Finding(
                kind: .broken, files: [], text: "\($1): no recording of this class can be used, so no run can begin")
        }
        let sides = try recordings.sides(validationFraction: validationFraction, seed: seed)
        let equal = Dictionary(grouping: usable.indices, by: { recordings[$0].content.digest }).values
        findings += equal.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }.map { members in
            Finding.equal(
                members.map { (recordings[$0].name, catalog.classes[recordings[$0].label], "\(sides[$0])") })
        }
        findings += Finding.findings(in: recordings, sides, catalog.classes)
        findings += usable.flatMap { entry, examination in
            examination.sound.map { Finding.findings(in: entry.name, $0) } ?? []
        }
        findings += catalog.unlisted.map {
            Finding(kind: .unlisted, files: [$0], text: "\($0): in no list of what counts, and left out")
        }
        findings += catalog.leftOut.map { files, text in Finding(kind: .passedOver, files: files, text: text) }
        findings += catalog.notes.map { Finding(kind: .note, files: [], text: $0) }

        func part(_ label: Int, _ members: [Int], group: String? = nil) -> Part {
            let subjects = Set(members.compactMap { recordings[$0].subject })
            return Part(
                className: catalog.classes[label], group: group, recordings: members.count,
                windows: members.reduce(0) { $0 + recordings[$1].samples.count },
                subjects: subjects.isEmpty ? nil : subjects.count,
                clipped: members.count { usable[$0].examination.sound?.isClipped ?? false },
                seconds: Seconds(members.compactMap { usable[$0].examination.sound?.seconds }))
        }
        classes = catalog.classes.indices.map { label in
            part(label, recordings.indices.filter { recordings[$0].label == label })
        }
        groups = catalog.classes.indices.flatMap { label in
            Dictionary(grouping: recordings.indices.filter { recordings[$0].label == label }) { recordings[$0].group }
                .sorted { ($0.key ?? "") < ($1.key ?? "") }.map { part(label, $0.value, group: $0.key) }
        }
        func count(_ property: KeyPath<SoundFacts, Int>) -> [Int: [String: Int]] {
            usable.reduce(into: [:]) { counts, file in
                guard let sound = file.examination.sound else { return }
                counts[sound[keyPath: property], default: [:]][catalog.classes[file.entry.label], default: 0] += 1
            }
        }
        sampleRates = count(\.sampleRate)
        channels = count(\.channels)
        self.recordings = zip(recordings, sides).map { recording, side in
            Place(
                file: recording.name, className: catalog.classes[recording.label], patient: recording.subject,
                site: recording.group, side: "\(side)")
        }
        training = sides.count { $0 == .training }
        validation = sides.count { $0 == .validation }
        test = sides.count { $0 == .test }
        unit = SplitUnit(recordings.map(\.subject), isSynthetic: catalog.isSynthetic)
        patients = Set(recordings.compactMap(\.subject)).count
        positiveClass = catalog.positiveClass
        self.findings = Finding.Kind.allCases.flatMap { kind in findings.filter { $0.kind == kind } }
    }
}

extension Double {
    /// With so many digits after the point.
    func decimals(_ count: Int) -> String { String(format: "%.\(count)f", self) }
}
