/// What a person says of recordings beside where they lie: how they are told apart, and whose they are.
public struct Labelling: Codable, Hashable, Sendable {
    /// What is told of CirCor's patients.
    public enum Diagnosis: String, Codable, CaseIterable, Sendable {
        /// The patient's: normal or abnormal.
        case outcome
        /// The recording's: whether a murmur is heard in it; of some it is unknown.
        case murmur
    }

    /// Nil takes the outcome.
    public var diagnosis: Diagnosis?

    /// A table of whose heart each recording is of; nil where the data says so, or nobody knows.
    public var patients: String?

    /// A regular expression with one group, which is the patient, for the names of recordings.
    public var patientPattern: String?

    public init() {}

    /// What is wrong with it, in one line, or nil.
    public var complaint: String? {
        do {
            if let patientPattern { _ = try PatientPattern(patientPattern) }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
