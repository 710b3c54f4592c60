import ArgumentParser
import Datasets
import Foundation

extension Labelling.Diagnosis: ExpressibleByArgument {}

/// What a person says of recordings beside where they lie.
public struct LabellingOptions: ParsableArguments {
    @Option(help: "A table of whose heart each recording is of: a file, or what its name begins with, and the patient.")
    public var patients: String?

    @Option(
        help: ArgumentHelp(
            "A regular expression with one group, which is the patient in a file's name, such as '^([^_]+)_'.",
            valueName: "regex"))
    public var patientPattern: String?

    @Option(help: "What is told of CirCor's recordings: the patient's outcome (the default), or murmur.")
    public var label: Labelling.Diagnosis?

    public init() {}

    public func validate() throws {
        if let complaint = labelling.complaint { throw ValidationError(complaint) }
    }

    public var isEmpty: Bool { patients == nil && patientPattern == nil && label == nil }

    /// Changes what is given.
    public func apply(to labelling: inout Labelling) {
        if let patients { labelling.patients = URL(fileURLWithPath: patients).path }
        if let patientPattern { labelling.patientPattern = patientPattern }
        if let label { labelling.diagnosis = label }
    }

    /// What is given alone.
    public var labelling: Labelling {
        var labelling = Labelling()
        apply(to: &labelling)
        return labelling
    }
}
