/// Something in a data folder that a person should know of.
public struct Finding: Encodable, Hashable, Sendable {
    public enum Kind: String, CaseIterable, Encodable, Sendable {
        /// Cannot be read or is cut off, is listed and not there, or has no class; or a class has nothing that can be used.
        case broken
        /// The same content in several classes.
        case contradictory
        /// The same content on both sides of the split, in one class.
        case straddling
        /// The same content twice, in one class and on one side.
        case duplicate
        case silent
        case clipped
        /// Without one whole heart cycle.
        case short
        /// The recordings of the classes differ in length.
        case lengths
        /// In none of the lists that say what counts.
        case unlisted

        /// Whether scores of such data are not to be trusted.
        public var isFault: Bool { [.broken, .contradictory, .straddling].contains(self) }
    }

    public let kind: Kind

    /// The recordings' names within the folder; none where it is about all of them.
    public let files: [String]

    /// One line that names the files, or the first of many.
    public let text: String
}

extension Finding {
    /// A median length that is so many times another class's is told.
    private static let unlikeLengths = 1.5

    /// A heart that beats 60 times a minute needs a second.
    private static let shortSeconds = 1.0

    /// What is wrong with one sound in itself.
    static func findings(in name: String, _ sound: SoundFacts) -> [Finding] {
        var findings: [Finding] = []
        if sound.missingBytes > 0 {
            let text = "\(name): cut off, its last \(sound.missingBytes) bytes are missing; only the rest is used"
            findings.append(Finding(kind: .broken, files: [name], text: text))
        }
        if sound.seconds < shortSeconds {
            let text = "\(name): \(sound.seconds.decimals(2)) s, too short for a whole heart cycle"
            findings.append(Finding(kind: .short, files: [name], text: text))
        }
        if sound.isSilent {
            findings.append(Finding(kind: .silent, files: [name], text: "\(name): silent"))
        } else if sound.isClipped {
            let text = "\(name): \((100 * sound.shareAtPeak).decimals(2)) % of its samples are at the peak"
            findings.append(Finding(kind: .clipped, files: [name], text: text))
        }
        return findings
    }

    /// Recordings of equal content: `side` is the one of the split.
    static func equal(_ recordings: [(name: String, className: String, side: String)]) -> Finding {
        let kind: Kind
        let problem: String
        if Set(recordings.map(\.className)).count > 1 {
            (kind, problem) = (.contradictory, "the same content in several classes")
        } else if Set(recordings.map(\.side)).count > 1 {
            (kind, problem) = (.straddling, "the same content on both sides of the split")
        } else {
            (kind, problem) = (.duplicate, "the same content")
        }
        let shown = recordings.prefix(4).map { "\($0.name) (\($0.className), \($0.side))" }.joined(separator: ", ")
        let more = recordings.count > 4 ? " and \(recordings.count - 4) more" : ""
        return Finding(kind: kind, files: recordings.map(\.name), text: "\(shown)\(more): \(problem)")
    }

    /// Nil where the classes' lengths, of seconds each, are alike.
    static func lengths(medians: [(className: String, seconds: Double)]) -> Finding? {
        guard let least = medians.min(by: { $0.seconds < $1.seconds }),
            let greatest = medians.max(by: { $0.seconds < $1.seconds }),
            greatest.seconds >= unlikeLengths * least.seconds
        else { return nil }
        return Finding(
            kind: .lengths, files: [],
            text: "the median recording lasts \(least.seconds.decimals(1)) s in \(least.className), "
                + "\(greatest.seconds.decimals(1)) s in \(greatest.className): compare windows of one length")
    }
}
