import Foundation

extension Catalog {
    /// Names the patients as a person has said, on top of what the data itself names. Notes what remains unknown.
    mutating func namePatients(_ labelling: Labelling, _ usual: Labelling = .init()) throws {
        if let path = labelling.patients {
            try namePatients(by: PatientList(path: path), path)
        } else if let path = usual.patients, let list = try? PatientList(path: path) {
            try? namePatients(by: list, path)
        }
        if let text = labelling.patientPattern {
            try namePatients(by: PatientPattern(text))
        } else if let text = usual.patientPattern {
            try? namePatients(by: PatientPattern(text))
        }
        guard entries.allSatisfy({ $0.subject == nil }) else { return }
        let names = entries.filter { if case .synthetic = $0.content { false } else { true } }.map(\.name)
        if let proposal = PatientPattern.proposal(for: names) {
            notes.append(
                "the names look as if several recordings were of one patient: --patient-pattern '\(proposal.pattern.text)' would "
                    + "join \(proposal.recordings) of \(names.count) recordings to \(proposal.patients) patients")
        }
    }

    private mutating func namePatients(by list: PatientList, _ path: String) throws {
        var used: Set<String> = []
        for index in entries.indices {
            guard let (patient, key) = list.patient(of: entries[index].name) else { continue }
            entries[index].subject = patient
            used.insert(key)
        }
        guard !used.isEmpty else {
            throw DatasetError(
                name: path, problem: "names none of the \(entries.count) recordings",
                remedy:
                    "list files as they are called, such as \(entries.first?.name ?? "normal/1.wav"), or what their names begin "
                    + "with")
        }
        let unused = list.rowCount - used.count
        if unused > 0 { notes.append("\(unused) of \(list.rowCount) rows of \(path) name none of the recordings") }
    }

    private mutating func namePatients(by pattern: PatientPattern) throws {
        var unfit: [String] = []
        for index in entries.indices where entries[index].subject == nil {
            entries[index].subject = pattern.patient(of: entries[index].name)
            if entries[index].subject == nil { unfit.append(entries[index].name) }
        }
        guard unfit.count < entries.count else {
            throw DatasetError(
                name: "patient pattern \(pattern.text)",
                problem: "fits none of the names, such as \(unfit.first ?? "")",
                remedy: "give one that does; it is about the file's name, and, if it has a slash, about the path")
        }
        if !unfit.isEmpty {
            notes.append(
                "the patient pattern does not fit \(unfit.count) of \(entries.count) names, such as \(unfit[0]): each of these counts as "
                    + "a patient of its own")
        }
    }
}
