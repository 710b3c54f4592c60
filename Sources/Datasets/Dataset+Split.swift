import Randomness

extension Dataset {
    /// Parts the samples for training, validation and test, by recording.
    ///
    /// The recordings of each class and group are shuffled by the seed, and of each the same fraction validates. All
    /// windows of a recording, and all recordings of equal content, lie on one side. A class of at least two recordings
    /// has one on either side, unless the fraction is 0. What is held out is neither trained on nor validated with.
    ///
    /// - Returns: Indices of samples, ascending.
    public func split(
        validationFraction: Double, heldOut: HeldOut? = nil, seed: UInt64
    ) throws -> (training: [Int], validation: [Int], test: [Int]) {
        guard (0..<1).contains(validationFraction) else {
            throw DatasetError(
                name: "validation fraction", problem: "\(validationFraction) is not in 0..<1",
                remedy: "give a part such as 0.2")
        }
        let test = try heldOut.map { try recordings(in: $0, seed: seed) } ?? []
        let others = recordings.indices.filter { !test.contains($0) }
        let validation = Set(
            classes.indices.flatMap { label in
                validating(label: label, among: others, fraction: validationFraction, seed: seed)
            })
        func samples(where isWanted: (Int) -> Bool) -> [Int] {
            self.samples.indices.filter { isWanted(self.samples[$0].recording) }
        }
        return (
            samples { !test.contains($0) && !validation.contains($0) }, samples(where: validation.contains),
            samples(where: test.contains)
        )
    }

    /// The recordings of a class that validate.
    private func validating(label: Int, among others: [Int], fraction: Double, seed: UInt64) -> [Int] {
        // Recordings of equal content are one unit, which belongs to the class and the group of the first.
        let units = Dictionary(grouping: others, by: { recordings[$0].digest }).values
            .filter { recordings[$0[0]].label == label }
            .sorted { $0[0] < $1[0] }
        let groups = Dictionary(grouping: units, by: { recordings[$0[0]].group ?? "" })
        let total = min(units.count - 1, max(1, Int((fraction * Double(units.count)).rounded())))
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
