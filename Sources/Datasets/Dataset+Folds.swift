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

extension Dataset {
    /// The recordings that belong to a part, and all of equal content.
    func recordings(in part: HeldOut, seed: UInt64) throws -> Set<Int> {
        let units = Dictionary(grouping: recordings.indices) { recordings[$0].digest }.values.sorted { $0[0] < $1[0] }
        switch part {
        case .group(let name):
            let held = units.filter { $0.contains { recordings[$0].group == name } }.joined()
            guard !held.isEmpty, held.count < recordings.count else {
                throw DatasetError(
                    name: "site \(name)", problem: "holds none or all of the recordings",
                    remedy:
                        "the sites are \(groups.isEmpty ? "not known in this data" : groups.joined(separator: ", "))")
            }
            return Set(held)
        case .fold(let number, let count):
            guard count >= 2, (1...count).contains(number), units.count >= count else {
                throw DatasetError(
                    name: "\(part)", problem: "cannot be made of \(units.count) recordings",
                    remedy: "give a number of folds from 2 to that")
            }
            return Set(
                deal(units, seed: seed).enumerated().filter { $0.offset % count == number - 1 }.flatMap(\.element))
        }
    }

    /// The names of the sites that are known.
    public var groups: [String] { Set(recordings.compactMap(\.group)).sorted() }

    /// Units in an order in which each class, and within it each group, comes as a whole, and is shuffled by the seed.
    private func deal(_ units: [[Int]], seed: UInt64) -> [[Int]] {
        classes.indices.flatMap { label in
            let own = Dictionary(grouping: units.filter { recordings[$0[0]].label == label }) {
                recordings[$0[0]].group ?? ""
            }
            return own.keys.sorted().enumerated().flatMap { number, name in
                var members = own[name]!
                var stream = CounterGenerator(
                    seed: seed, purpose: .split, round: 1 << 16 | UInt32(label), item: UInt32(number)
                ).stream()
                stream.shuffle(&members)
                return members
            }
        }
    }
}
