import Randomness

extension Dataset {
    /// Parts the samples for training, validation and test, by recording.
    ///
    /// The recordings of each class and group are shuffled by the seed, and of each the same fraction validates. All
    /// windows of a recording, all recordings of a subject, and all of equal content, lie on one side. A class of at least
    /// two recordings (of different subjects, where they are known) has one on either side, unless the fraction is 0. What is
    /// held out is neither trained on nor validated with.
    ///
    /// - Returns: Indices of samples, ascending.
    public func split(
        validationFraction: Double, heldOut: HeldOut? = nil, seed: UInt64
    ) throws -> (training: [Int], validation: [Int], test: [Int]) {
        let held = try heldOut.map { try recordings.members(of: $0, seed: seed) } ?? []
        let validates = try recordings.validating(fraction: validationFraction, without: held, seed: seed)
        // What is held out because it belongs together with a site's recordings is not the site's.
        let test = held.filter { heldOut?.isTested(recordings[$0]) == true }
        func samples(where isWanted: (Int) -> Bool) -> [Int] {
            self.samples.indices.filter { isWanted(self.samples[$0].recording) }
        }
        return (
            samples { !held.contains($0) && !validates[$0] }, samples { validates[$0] }, samples(where: test.contains)
        )
    }
}

extension [Recording] {
    /// For each recording, whether it validates. What is held out of both sides does not.
    func validating(fraction: Double, without test: Set<Int> = [], seed: UInt64) throws -> [Bool] {
        guard (0..<1).contains(fraction) else {
            throw DatasetError(
                name: "validation fraction", problem: "\(fraction) is not in 0..<1", remedy: "give a part such as 0.2")
        }
        var validates = [Bool](repeating: false, count: count)
        // What is held out are whole units.
        let left = units.filter { !test.contains($0[0]) }
        for (label, units) in Dictionary(grouping: left, by: { self[$0[0]].label }) {
            for recording in validating(units, label: label, fraction: fraction, seed: seed) {
                validates[recording] = true
            }
        }
        return validates
    }

    /// Recordings that must stay together, in the order of the first of each: those of equal content or of one subject.
    /// A unit belongs to the class and the group of its first recording.
    var units: [[Int]] {
        var sets = DisjointSets<Int>()
        var first: [String: Int] = [:]
        for (index, recording) in enumerated() {
            let keys = ["content \(recording.digest)"] + (recording.subject.map { ["subject \($0)"] } ?? [])
            for key in keys {
                sets.join(first[key] ?? index, index)
                first[key] = first[key] ?? index
            }
        }
        return Dictionary(grouping: indices, by: { sets.least(of: $0) }).values.sorted { $0[0] < $1[0] }
    }

    /// The recordings of a class that validate.
    private func validating(_ units: [[Int]], label: Int, fraction: Double, seed: UInt64) -> [Int] {
        let groups = Dictionary(grouping: units, by: { self[$0[0]].group ?? "" })
        let total = Swift.min(units.count - 1, Swift.max(1, Int((fraction * Double(units.count)).rounded())))
        guard fraction > 0, total > 0 else { return [] }

        // Rounding what all groups up to this one owe keeps the class's total exact.
        var result: [Int] = []
        var seen = 0
        var taken = 0
        for (number, name) in groups.keys.sorted().enumerated() {
            var members = groups[name] ?? []
            var stream = CounterGenerator(
                seed: seed, purpose: .split, round: UInt32(label), item: UInt32(number)
            ).stream()
            stream.shuffle(&members)
            seen += members.count
            let owed = Int((Double(total * seen) / Double(units.count)).rounded())
            result += members.prefix(owed - taken).joined()
            taken = owed
        }
        return result
    }
}
