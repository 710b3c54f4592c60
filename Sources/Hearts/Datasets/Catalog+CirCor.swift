import Foundation

extension Catalog {
    /// The group is the campaign, the subject the person: in whichever campaigns. The class is the patient's outcome,
    /// or what is heard in the recording: of a patient with a murmur, only recordings at its locations have it.
    init(circor folder: CirCorFolder, _ search: FolderSearch, _ diagnosis: Labelling.Diagnosis) throws {
        switch diagnosis {
        case .outcome: self.init(classes: Self.heartClasses, entries: [])
        case .murmur:
            self.init(classes: CirCorPatient.Murmur.allCases.map(\.rawValue), entries: [])
            positiveClass = CirCorPatient.Murmur.present.rawValue
        }
        let patients = try CirCorPatient.patients(of: folder, diagnosis)
        let prefix = folder.recordings.prefix
        let sounds = SoundNames(folder.recordings.sounds)
        let places = CirCorPlaces(sounds.names)
        let people = people(patients)
        var named: Set<String> = []
        var silent: [String] = []
        for patient in patients {
            let locations = patient.locations ?? places.locations(of: patient.id)
            if locations.isEmpty { silent.append(patient.id) }
            for (location, listed) in Dictionary(grouping: locations, by: \.self).sorted(by: { $0.key < $1.key }) {
                let (present, absent) = places.recordings(of: patient.id, at: location, expected: listed.count)
                named.formUnion(present)
                for name in present + absent {
                    let file = sounds.file(name)
                    let path = "\(folder.recordings.folder.path)/\(file ?? "\(name).wav")"
                    let list = folder.list.map { ($0 as NSString).lastPathComponent } ?? "\(patient.id).txt"
                    entries.append(
                        Entry(
                            name: prefix + (file ?? "\(name).wav"), label: patient.label(at: location),
                            group: patient.campaign, subject: people[patient.id], location: location,
                            content: file == nil ? .missing(path: path, list: list) : .sound(path: path)))
                }
            }
        }
        tell(of: sounds, named: named, prefix: prefix)
        tell(of: search, used: [prefix])
        if !silent.isEmpty {
            notes.append("no recordings are known of \(Self.some(silent, of: "patient"))")
        }
        let everywhere = patients.filter { $0.murmur == .present && $0.murmurLocations == nil }.map(\.id)
        if !everywhere.isEmpty {
            notes.append(
                "nobody says where the murmur is heard in \(Self.some(everywhere, of: "patient")): "
                    + "all recordings count as present")
        }
    }

    /// For each patient's ID the person's.
    private mutating func people(_ patients: [CirCorPatient]) -> [String: String] {
        var people = DisjointSets<String>()
        // A person is in two campaigns: what stands with more patients is no ID, whatever was meant by it.
        let uses = Dictionary(patients.compactMap(\.otherID).map { ($0, 1) }, uniquingKeysWith: +)
        for patient in patients {
            if let other = patient.otherID, uses[other, default: 0] <= 2 { people.join(patient.id, other) }
        }
        for (id, count) in uses.sorted(by: { $0.key < $1.key }) where count > 2 {
            notes.append("the additional ID \(id) stands with \(count) patients and joins none")
        }
        return Dictionary(uniqueKeysWithValues: patients.map { ($0.id, people.least(of: $0.id)) })
    }

    /// Such as `3 patients (1, 2, 3)`, with the first few of many.
    private static func some(_ names: [String], of kind: String) -> String {
        let more = names.count > 5 ? ", ..." : ""
        return
            "\(names.count) \(kind)\(names.count == 1 ? "" : "s") (\(names.prefix(5).joined(separator: ", "))\(more))"
    }
}

extension CirCorPatient {
    /// The label of a recording.
    fileprivate func label(at location: String) -> Int {
        guard let murmur else { return outcome ?? Catalog.normal }
        let isHeard = murmurLocations?.contains(location.lowercased()) ?? true
        return Murmur.allCases.firstIndex(of: murmur == .present && !isHeard ? .absent : murmur)!
    }
}

/// The recordings of CirCor that are there, by patient and location.
private struct CirCorPlaces {
    /// By names such as 2530_mv.
    private var names: [String: [String]] = [:]
    private var locations: [String: [String]] = [:]

    init(_ recordings: [String]) {
        for name in recordings {
            let words = name.split(separator: "_")
            guard words.count >= 2 else { continue }
            names[Self.place(words[0], words[1]), default: []].append(name)
            locations[words[0].lowercased(), default: []].append(String(words[1]))
        }
    }

    /// Each as often as there are recordings of it.
    func locations(of patient: String) -> [String] { locations[patient.lowercased()] ?? [] }

    /// Those that are there, and those that are expected and missing.
    func recordings(of patient: String, at location: String, expected count: Int) -> (
        present: [String], absent: [String]
    ) {
        let place = "\(patient)_\(location)"
        let present = names[Self.place(patient[...], location[...])] ?? []
        let there = Set(present.map { $0.lowercased() })
        let expected = count == 1 ? [place] : (1...count).map { "\(place)_\($0)" }
        let absent = expected.filter { !there.contains($0.lowercased()) }.prefix(max(0, count - present.count))
        return (present, Array(absent))
    }

    private static func place(_ patient: Substring, _ location: Substring) -> String {
        "\(patient)_\(location)".lowercased()
    }
}
