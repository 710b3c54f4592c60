extension Dataset {
    /// What a person should know of a split of these recordings, a sentence each.
    public func notes(on split: Split) -> [String] {
        var sides = [Side](repeating: .none, count: recordings.count)
        for (samples, side) in [(split.training, Side.training), (split.validation, .validation), (split.test, .test)] {
            for sample in samples { sides[self.samples[sample].recording] = side }
        }
        let leftOut = recordings(of: split.leftOut)
        let parted =
            leftOut.isEmpty
            ? []
            : [
                "\(leftOut.count) recordings, such as \(leftOut[0].name), are left out: their patients, or the same sounds, are "
                    + "in a part that is scored"
            ]
        return parted + recordings.unvalidated(sides, classes)
    }
}

extension [Recording] {
    /// Those that are one but for their files' endings, such as a sound and its picture.
    var twins: [[Recording]] {
        Dictionary(grouping: indices) { self[$0].stem }.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
            .map { $0.map { self[$0] } }
    }

    /// How that is said, if there are any.
    var twinNotes: [String] {
        let twins = twins
        guard let first = twins.first else { return [] }
        return [
            "\(twins.count) recordings lie there in several files of one name, such as "
                + "\(first.map(\.name).joined(separator: " and ")): each counts, all on one side of the split"
        ]
    }

    /// That one sound or picture stands in several classes, if it does.
    func contradictionNotes(_ classes: [String]) -> [String] {
        let equal = Dictionary(grouping: indices) { self[$0].content.digest }.values
            .filter { members in members.contains { self[$0].label != self[members[0]].label } }
            .sorted { $0[0] < $1[0] }
        guard let first = equal.first else { return [] }
        return [
            "\(equal.count) sounds stand in several classes, such as "
                + first.map { "\(self[$0].name) (\(classes[self[$0].label]))" }.joined(separator: " and ")
                + ": a model can learn nothing from them; remove the wrong ones"
        ]
    }

    /// Classes that are trained on, and of which nothing validates though something else does.
    func unvalidated(_ sides: [Side], _ classes: [String]) -> [String] {
        guard sides.contains(.validation) else { return [] }
        return classes.indices.compactMap { label in
            let own = indices.filter { self[$0].label == label }
            guard own.contains(where: { sides[$0] == .training }), !own.contains(where: { sides[$0] == .validation })
            else {
                return nil
            }
            return
                "class \(classes[label]): nothing of it validates, so that its scores say nothing (recordings: \(own.count))"
        }
    }
}
