import Randomness

/// Recordings that a model is tested with: it never sees them before.
public enum HeldOut: Codable, Hashable, Sendable, CustomStringConvertible {
    /// One of so many parts of about one size, counted from 1, with classes and groups in proportion.
    case fold(Int, of: Int)
    /// All recordings of a site.
    case group(String)

    public var description: String {
        switch self {
        case .fold(let number, let count): "fold \(number) of \(count)"
        case .group(let name): "site \(name)"
        }
    }
}

extension HeldOut {
    /// Is a recording that is held out tested with?
    func isTested(_ recording: Recording) -> Bool {
        if case .group(let name) = self { recording.group == name } else { true }
    }
}

extension Dataset {
    /// Is every class among what can be trained on without a part?
    public func hasEveryClass(without part: HeldOut, seed: UInt64) throws -> Bool {
        let training = try split(validationFraction: 0, heldOut: part, seed: seed).training
        return Set(training.map { samples[$0].label }).count == classes.count
    }

    /// The names of the sites that are known.
    public var groups: [String] { Set(recordings.compactMap(\.group)).sorted() }
}

extension [Recording] {
    /// The recordings that belong to a part, with all of equal content or of the same subjects.
    func members(of part: HeldOut, seed: UInt64) throws -> Set<Int> {
        switch part {
        case .group(let name):
            let held = units.filter { $0.contains { self[$0].group == name } }.joined()
            guard !held.isEmpty, held.count < count else {
                throw DatasetError(
                    name: "site \(name)", problem: "holds none or all of the recordings",
                    remedy: "take a number of folds, or other data")
            }
            return Set(held)
        case .fold(let number, let count):
            let units = units
            guard count >= 2, (1...count).contains(number), units.count >= count else {
                throw DatasetError(
                    name: "\(part)", problem: "cannot be made of \(units.count) recordings",
                    remedy: "give a number of folds from 2 to that")
            }
            return Set(
                dealt(units, seed: seed).enumerated().filter { $0.offset % count == number - 1 }.flatMap(\.element))
        }
    }

    /// Units in an order in which each class, and within it each group, comes as a whole, and is shuffled by the seed.
    private func dealt(_ units: [[Int]], seed: UInt64) -> [[Int]] {
        let classes = Dictionary(grouping: units, by: unitLabel)
        return classes.keys.sorted().flatMap { label in
            let groups = Dictionary(grouping: classes[label]!) { self[$0[0]].group ?? "" }
            return groups.keys.sorted().enumerated().flatMap { number, name in
                var members = groups[name]!
                var stream = CounterGenerator(
                    seed: seed, purpose: .split, round: 1 << 16 | UInt32(label), item: UInt32(number)
                ).stream()
                stream.shuffle(&members)
                return members
            }
        }
    }
}
