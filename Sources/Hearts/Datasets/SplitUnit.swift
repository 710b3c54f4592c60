/// What a data set's recordings are split and counted by.
public enum SplitUnit: Hashable, Sendable, CustomStringConvertible {
    /// Whose heart each is, is known.
    case patient
    /// It is known of so many recordings, of so many in all.
    case patientOfSome(Int, of: Int)
    /// Nobody knows.
    case recording
    /// Each recording was made by the program, of another heart.
    case synthetic

    private static let warning = "by recording: several of one person may stand on both sides"

    /// How it is said wherever scores are.
    public var description: String {
        switch self {
        case .patient: "by patient"
        case .patientOfSome(let known, let count):
            "by patient where known, which is so of \(known) of \(count) recordings; the others \(Self.warning)"
        case .recording: Self.warning
        case .synthetic: "by recording, each of another made-up heart"
        }
    }

    /// Why scores may flatter because of it, in a sentence; none where they do not.
    public var cautions: [String] {
        switch self {
        case .patient, .synthetic: []
        case .recording, .patientOfSome: ["Counted \(self)."]
        }
    }
}

extension SplitUnit {
    init(_ subjects: [String?], isSynthetic: Bool) {
        let known = subjects.count { $0 != nil }
        self =
            isSynthetic
            ? .synthetic
            : known == 0 ? .recording : known < subjects.count ? .patientOfSome(known, of: subjects.count) : .patient
    }
}

/// In JSON, as it is said.
extension SplitUnit: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
