extension [Recording] {
    /// What tells classes apart beside the hearts, a sentence each: lengths, sample rates, and sites or devices that
    /// one class has to itself.
    func confounds(_ classes: [String]) -> [String] {
        let byClass = classes.indices.map { label in filter { $0.label == label } }
        return lengths(classes, byClass)
            + own("sample rate", classes, byClass) { $0.content.sound.map { "\($0.sampleRate) Hz" } }
            + own("site", classes, byClass) { $0.group }
    }

    /// A median length that is so many times another class' is told.
    private static let unlikeLengths = 1.5

    private func lengths(_ classes: [String], _ byClass: [[Recording]]) -> [String] {
        let medians = zip(classes, byClass).compactMap { name, recordings -> (name: String, seconds: Double)? in
            let seconds = recordings.compactMap { $0.content.sound?.seconds }
            return DatasetCheck.Seconds(seconds).map { (name, $0.median) }
        }
        guard let least = medians.min(by: { $0.seconds < $1.seconds }),
            let greatest = medians.max(by: { $0.seconds < $1.seconds }),
            greatest.seconds >= Self.unlikeLengths * least.seconds
        else { return [] }
        return [
            "the median recording lasts \(least.seconds.decimals(1)) s in \(least.name), "
                + "\(greatest.seconds.decimals(1)) s in \(greatest.name): compare windows of one length"
        ]
    }

    /// Classes that share less than half of their recordings' values of a property with all others.
    private func own(
        _ property: String, _ classes: [String], _ byClass: [[Recording]], _ value: (Recording) -> String?
    ) -> [String] {
        func shares(_ recordings: [Recording]) -> [String: Double] {
            let values = recordings.compactMap(value)
            return Dictionary(grouping: values, by: \.self).mapValues { Double($0.count) / Double(values.count) }
        }
        // Of two classes the one says it all.
        return classes.indices.prefix(classes.count == 2 ? 1 : classes.count).compactMap { label in
            let own = shares(byClass[label])
            let others = shares(byClass.indices.filter { $0 != label }.flatMap { byClass[$0] })
            guard let usual = own.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
                let otherwise = others.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })
            else { return nil }
            let overlap = own.reduce(0) { $0 + Swift.min($1.value, others[$1.key] ?? 0) }
            guard overlap < 0.5, usual.key != otherwise.key else { return nil }
            return "\(classes[label]) has a \(property) of its own, mostly \(usual.key), where the others have mostly "
                + "\(otherwise.key): a model may learn that in place of hearts"
        }
    }
}
