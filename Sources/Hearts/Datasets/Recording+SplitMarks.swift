extension [Recording] {
    /// For each recording how its unit differs from what units were at first, when files of equal bytes and patients
    /// made them and the first recording gave the class; empty where it does not, or where it is of data of its own for
    /// the test.
    var splitMarks: [String] {
        let own = indices.filter { !self[$0].isOfTestData }
        let recordings = own.map { self[$0] }
        let former = recordings.joined { recording in
            ["file \(recording.digest)"] + (recording.subject.map { ["subject \($0)"] } ?? [])
        }
        // Whose unit each was in.
        var first: [Int: Int] = [:]
        for unit in former { for member in unit { first[own[member]] = own[unit[0]] } }

        var marks = [String](repeating: "", count: count)
        let label = unitLabel
        for unit in units {
            let members = unit.filter { !self[$0].isOfTestData }
            guard let least = members.first else { continue }
            let leftOut = members.count < unit.count ? "\0left out" : ""
            for member in members {
                let isJoined = first[member]! != least
                let isOtherwise = label(unit) != self[first[member]!].label
                marks[member] =
                    leftOut + (isJoined ? "\0with \(self[least].name)" : "")
                    + (isOtherwise ? "\0as \(label(unit))" : "")
            }
        }
        return marks
    }
}
