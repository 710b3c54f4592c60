import Foundation

/// A key in a JSON file that nothing reads: spelled wrongly, in the wrong place, or of another version.
public struct UnknownKey: Error, Hashable, Sendable, CustomStringConvertible {
    /// From the outermost key on, such as optimizer.learningrate.
    public let path: String
    /// The setting that is called most like it, if one is: its path, or its name where it stands beside the key.
    public let suggestion: String?

    public var description: String {
        "\(path) is no setting; " + (suggestion.map { "did you mean \($0)?" } ?? "remove it")
    }
}

extension Decodable where Self: Encodable {
    /// Reads JSON, and throws `UnknownKey` if it has a key that nothing reads; but for those at the paths `former`,
    /// which earlier versions read.
    public static func decodeWhole(_ data: Data, except former: (Self) -> Set<[String]> = { _ in [] }) throws -> Self {
        let value = try JSONDecoder().decode(Self.self, from: data)
        let given = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        let known = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value), options: .fragmentsAllowed)
        let document = KnownKeys(document: given, former: former(value)) {
            (try? JSONDecoder().decode(Self.self, from: $0)) != nil
        }
        if let path = document.firstUnknown(in: given, known, at: []) {
            let names = path.map(\.name)
            throw UnknownKey(
                path: names.joined(separator: "."), suggestion: SettingNames(of: value).most(like: names))
        }
        return value
    }
}

/// Tells the keys that a type reads from those that it does not.
///
/// What it writes it reads. What it does not write may be absent by nature: such a key is known if the document cannot
/// be read any more once the key has a value that fits no type.
private struct KnownKeys {
    enum Step {
        case key(String)
        case index(Int)

        var name: String {
            switch self {
            case .key(let key): key
            case .index(let index): "\(index)"
            }
        }
    }

    let document: Any
    let former: Set<[String]>
    let isReadable: (Data) -> Bool

    /// The path of a key in `given`, which lies at `path`, that is not read. `written` is what was written in its
    /// place.
    func firstUnknown(in given: Any, _ written: Any?, at path: [Step]) -> [Step]? {
        if let given = given as? [String: Any] {
            let written = written as? [String: Any] ?? [:]
            for (key, value) in given.sorted(by: { $0.key < $1.key }) {
                let path = path + [.key(key)]
                if former.contains(path.map(\.name)) { continue }
                guard written[key] != nil || isRead(path) else { return path }
                if let unknown = firstUnknown(in: value, written[key], at: path) { return unknown }
            }
        } else if let given = given as? [Any] {
            let written = written as? [Any] ?? []
            for (index, value) in given.enumerated() {
                let element = written.indices.contains(index) ? written[index] : nil
                if let unknown = firstUnknown(in: value, element, at: path + [.index(index)]) { return unknown }
            }
        }
        return nil
    }

    private func isRead(_ path: [Step]) -> Bool {
        // No type is read from lists in a list in a list.
        let changed = Self.replace(path[...], in: document, by: [[[Any]()]])
        guard JSONSerialization.isValidJSONObject(changed),
            let data = try? JSONSerialization.data(withJSONObject: changed)
        else { return true }
        return !isReadable(data)
    }

    private static func replace(_ path: ArraySlice<Step>, in value: Any, by other: Any) -> Any {
        switch path.first {
        case nil: return other
        case .key(let key):
            var fields = value as! [String: Any]
            fields[key] = replace(path.dropFirst(), in: fields[key]!, by: other)
            return fields
        case .index(let index):
            var elements = value as! [Any]
            elements[index] = replace(path.dropFirst(), in: elements[index], by: other)
            return elements
        }
    }
}

/// The names of a value's settings, those within its settings, too, as far as they have values.
private struct SettingNames {
    private var paths: [[String]] = []

    init(of value: Any) { add(value, at: []) }

    private mutating func add(_ value: Any, at path: [String]) {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: for child in mirror.children { add(child.value, at: path) }
        case .struct, .class, .enum, .tuple:
            for child in mirror.children {
                guard let label = child.label, label.first?.isLetter == true else { continue }
                paths.append(path + [label])
                add(child.value, at: path + [label])
            }
        default: break
        }
    }

    /// The one whose name is most like that of a key.
    func most(like key: [String]) -> String? {
        guard let name = key.last.map(Self.plain), !name.isEmpty else { return nil }
        let candidates = paths.map { path in
            (
                path: path, distance: Self.distance(Self.plain(path.last!), name),
                isBeside: path.dropLast() == key.dropLast()
            )
        }
        let best = candidates.min { ($0.distance, $0.isBeside ? 0 : 1) < ($1.distance, $1.isBeside ? 0 : 1) }
        guard let best, best.distance <= max(1, name.count / 3) else { return nil }
        return best.isBeside ? best.path.last : best.path.joined(separator: ".")
    }

    /// Without what separates words.
    private static func plain(_ name: String) -> [Character] {
        name.lowercased().filter { $0.isLetter || $0.isNumber }.map(\.self)
    }

    /// The letters to insert, remove or replace to make one of the other.
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var corner = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, corner + (x == y ? 0 : 1))
                (corner, row[j + 1]) = (row[j + 1], next)
            }
        }
        return row[b.count]
    }
}
