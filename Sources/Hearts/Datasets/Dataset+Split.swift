import Randomness

/// Which samples are trained on, which validate and which test; all are indices of samples, ascending.
public struct Split: Hashable, Sendable {
    public var training: [Int] = []
    public var validation: [Int] = []
    public var test: [Int] = []

    /// What is on no side: those of whom, or of what, something else is validated or tested with.
    public var leftOut: [Int] = []
}

/// What a recording is used for.
enum Side: Hashable {
    case training, validation, test, none
}

extension Dataset {
    /// Parts the samples for training, validation and test, by recording.
    ///
    /// What the data says of a recording's part is done. Of all else the recordings of each class and group are
    /// shuffled by the seed, and of each the same fraction validates, unless the data has a validation part. All
    /// windows of a recording, all recordings of a patient, and all of one sound, are on one side; where the data parts
    /// them, those that are trained on, or validate beside a test, are left out. A class of at least two units has one
    /// on either side, unless the fraction is 0. What is held out is neither trained on nor validated with.
    public func split(validationFraction: Double, heldOut: HeldOut? = nil, seed: UInt64) throws -> Split {
        let sides = try recordings.sides(validationFraction: validationFraction, heldOut: heldOut, seed: seed)
        var split = Split()
        for (index, sample) in samples.enumerated() {
            switch sides[sample.recording] {
            case .training: split.training.append(index)
            case .validation: split.validation.append(index)
            case .test: split.test.append(index)
            case .none: split.leftOut.append(index)
            }
        }
        return split
    }

    /// Throws where a class has nothing to train on, or nothing that counts.
    public func checkTraining(_ split: Split) throws {
        let trained = recordings(of: split.training)
        for (label, name) in classes.enumerated() where !trained.contains(where: { $0.label == label }) {
            throw DatasetError(
                name: "class \(name)",
                problem: split.leftOut.isEmpty && split.test.isEmpty
                    ? "none of its recordings is in the training part"
                    : "nothing is left to train on: its recordings, or others of their patients, or the same sounds, are scored",
                remedy: "add recordings of other patients to the training part")
        }
        guard trained.contains(where: { $0.weight > 0 }) else {
            throw DatasetError(
                name: "the training part", problem: "all of its recordings have the weight 0",
                remedy: "give some another weight")
        }
    }

    /// What a model that is done is scored with, and how that is said: the data's own test part, or its validation
    /// part, or all of it.
    public var scored: (samples: [Int], part: String?) {
        for part in [Part.test, .validation] {
            let chosen = samples.indices.filter { recordings[samples[$0].recording].part == part }
            guard chosen.isEmpty else { return (chosen, "the data's own \(part.rawValue) part") }
        }
        return (Array(samples.indices), nil)
    }

    /// The recordings that samples are windows of, in order.
    public func recordings(of samples: some Sequence<Int>) -> [Recording] {
        Set(samples.map { self.samples[$0].recording }).sorted().map { recordings[$0] }
    }
}

extension [Recording] {
    /// The side of each recording.
    func sides(validationFraction: Double, heldOut: HeldOut? = nil, seed: UInt64) throws -> [Side] {
        let units = units
        let held = try heldOut.map { try members(of: $0, seed: seed) } ?? []
        var sides = [Side](repeating: .training, count: count)
        var decided: Set<Int> = held
        for unit in units {
            // What belongs together with a site's recordings is held out with them, but is not the site's.
            let tested = unit.filter {
                self[$0].part == .test || (held.contains($0) && heldOut?.isTested(self[$0]) == true)
            }
            let validating = unit.filter { self[$0].part == .validation }
            guard !tested.isEmpty || !validating.isEmpty else { continue }
            decided.formUnion(unit)
            for recording in unit { sides[recording] = .none }
            for recording in tested.isEmpty ? validating : tested {
                sides[recording] = tested.isEmpty ? .validation : .test
            }
        }
        // Of what is marked for training nothing validates, unless all is marked so.
        if contains(where: { $0.part == nil }) {
            decided.formUnion(units.filter { $0.contains { self[$0].part == .training } }.joined())
        }
        let drawn = contains { $0.part == .validation } ? 0 : validationFraction
        let validates = try validating(fraction: drawn, without: decided, seed: seed)
        for recording in indices where validates[recording] { sides[recording] = .validation }
        return sides
    }

    /// For each recording, whether it validates, by a draw. What is decided already does not.
    func validating(fraction: Double, without decided: Set<Int> = [], seed: UInt64) throws -> [Bool] {
        guard (0..<1).contains(fraction) else {
            throw DatasetError(
                name: "validation fraction", problem: "\(fraction) is not in 0..<1", remedy: "give a part such as 0.2")
        }
        var validates = [Bool](repeating: false, count: count)
        // What is decided are whole units.
        let left = units.filter { !decided.contains($0[0]) }
        for (label, units) in Dictionary(grouping: left, by: unitLabel) {
            for recording in validating(units, label: label, fraction: fraction, seed: seed) {
                validates[recording] = true
            }
        }
        return validates
    }

    /// The class of a unit: of those of its recordings the rarest. Data of its own for the test has no say.
    var unitLabel: ([Int]) -> Int {
        let own = filter { !$0.isOfTestData }
        let counts = Dictionary(grouping: own, by: \.label).mapValues(\.count)
        return { unit in
            let members = unit.filter { !self[$0].isOfTestData }
            let labels = Set((members.isEmpty ? unit : members).map { self[$0].label })
            return labels.min { (counts[$0] ?? 0, $0) < (counts[$1] ?? 0, $1) }!
        }
    }

    /// Recordings that must stay together, in the order of the first of each: those of one sound or picture, of one
    /// patient, and those of one name in several formats. A unit belongs to the group of its first recording.
    var units: [[Int]] {
        joined { recording in
            ["content \(recording.content.digest)", "stem \(recording.stem)"]
                + (recording.subject.map { ["subject \($0)"] } ?? [])
        }
    }

    /// Recordings that share a key, directly or by way of others.
    func joined(by keys: (Recording) -> [String]) -> [[Int]] {
        var sets = DisjointSets<Int>()
        var first: [String: Int] = [:]
        for (index, recording) in enumerated() {
            for key in keys(recording) {
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
