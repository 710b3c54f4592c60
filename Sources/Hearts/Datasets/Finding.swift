/// Something in a data folder that a person should know of.
public struct Finding: Encodable, Hashable, Sendable {
    public enum Kind: String, CaseIterable, Encodable, Sendable {
        /// Cannot be read or is cut off, is listed and not there, or has no class; or a class has nothing that can be
        /// used.
        case broken
        /// The same content in several classes.
        case contradictory
        /// The same content twice, in one class: it is on one side of the split.
        case duplicate
        case silent
        case clipped
        /// Without one whole heart cycle.
        case short
        /// Something else than hearts tells the classes apart.
        case confounded
        /// A class of which nothing validates.
        case unvalidated
        /// Neither trained on nor scored: of whom, or of what, something is in a later part.
        case parted = "left_out"
        /// In none of the lists that say what counts.
        case unlisted
        /// No recording that is read.
        case passedOver = "passed_over"
        /// What else there is to know.
        case note

        /// Whether scores of such data are not to be trusted.
        public var isFault: Bool { [.broken, .contradictory].contains(self) }
    }

    public let kind: Kind

    /// The recordings' names within the folder; none where it is about all of them.
    public let files: [String]

    /// One line that names the files, or the first of many.
    public let text: String
}

extension Finding {
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
        } else {
            (kind, problem) = (.duplicate, "the same content")
        }
        let shown = recordings.prefix(4).map { "\($0.name) (\($0.className), \($0.side))" }.joined(separator: ", ")
        let more = recordings.count > 4 ? " and \(recordings.count - 4) more" : ""
        return Finding(kind: kind, files: recordings.map(\.name), text: "\(shown)\(more): \(problem)")
    }

    /// What is wrong with how recordings are parted, and with what tells classes apart.
    static func findings(in recordings: [Recording], _ sides: [Side], _ classes: [String]) -> [Finding] {
        let parted = recordings.indices.filter { sides[$0] == .none }.map { recordings[$0].name }
        let twins = recordings.twins.map { members in
            let names = members.map(\.name)
            return Finding(
                kind: .duplicate, files: names,
                text: "\(names.joined(separator: ", ")): one name, several files; on one side of the split")
        }
        let untrained = classes.indices.filter { label in
            recordings.contains { $0.label == label }
                && !recordings.indices.contains { recordings[$0].label == label && sides[$0] == .training }
        }.map {
            Finding(
                kind: .broken, files: [],
                text: "\(classes[$0]): nothing of this class is left to train on, so no run can begin")
        }
        return untrained + twins + recordings.confounds(classes).map { Finding(kind: .confounded, files: [], text: $0) }
            + recordings.unvalidated(sides, classes).map { Finding(kind: .unvalidated, files: [], text: $0) }
            + parted.map {
                Finding(
                    kind: .parted, files: [$0],
                    text: "\($0): left out, as its patient, or the same sound, is in a part that is scored")
            }
    }
}
