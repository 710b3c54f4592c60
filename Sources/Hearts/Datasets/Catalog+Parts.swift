import Foundation

extension Folder {
    /// The folders in it that hold what is for training, validation and test; empty where its folders are something
    /// else.
    var parts: [(name: String, part: Part)] {
        let named = folders.compactMap { name in Part(named: name).map { (name: name, part: $0) } }
        return Part.allCases.flatMap { part in named.filter { $0.part == part } }
    }
}

extension Catalog {
    /// A folder whose folders are parts, each of which holds the same classes, or some of them.
    init(
        parts: [(name: String, part: Part)], of root: Folder, _ labelling: Labelling, fewestClasses: Int
    ) throws {
        let inner = try parts.map { name, part in
            (
                name: name, part: part,
                catalog: try Catalog(contentsOf: Folder("\(root.path)/\(name)"), labelling, fewestClasses: 0)
            )
        }
        // What is to be told apart is what can be trained on, where there is anything to train on.
        let trained = inner.filter { $0.part == .training }
        guard !trained.isEmpty || fewestClasses < 2 else {
            throw DatasetError(
                name: root.path,
                problem: "holds \(parts.map(\.name).joined(separator: " and ")), but nothing to train on",
                remedy: "name the folder of the training part train")
        }
        let classes = Self.union(of: (trained.isEmpty ? inner : trained).map(\.catalog.classes))
        guard classes.count >= fewestClasses else {
            throw DatasetError(
                name: root.path,
                problem: "its training part has \(classes.isEmpty ? "no class folders" : "only one class")",
                remedy: "put the recordings of each class into a folder of its own there")
        }
        self.init(classes: classes, entries: [])
        passedOver = root.passedOver + root.files.map { PassedOver(name: $0, reason: "beside the parts") }
        for (name, part, catalog) in inner {
            try add(catalog, as: part, at: "\(root.path)/\(name)", prefix: "\(name)/")
        }
        for name in root.folders where !parts.contains(where: { $0.name == name }) {
            try passOver(folder: name, in: root, reason: "beside the parts")
        }
    }

    /// The names of all classes, in order; those that are one but for case and blanks once.
    private static func union(of lists: [[String]]) -> [String] {
        var first: [String: String] = [:]
        for name in lists.joined() where first[folded(name)] == nil { first[folded(name)] = name }
        return first.values.sorted()
    }

    /// Adds the entries of another catalog, whose classes must be among those of this one: by their names, case and
    /// blanks apart.
    ///
    /// - Parameters:
    ///   - part: What they are for; nil leaves it to themselves.
    ///   - place: Where the other one was read, for the error.
    ///   - prefix: What stands before their names.
    mutating func add(_ other: Catalog, as part: Part? = nil, at place: String, prefix: String = "") throws {
        let labels = other.classes.map(label)
        let unknown = zip(other.classes, labels).filter { $0.1 == nil }.map(\.0)
        guard unknown.isEmpty else {
            throw DatasetError(
                name: place,
                problem: "has the class\(unknown.count == 1 ? "" : "es") \(unknown.joined(separator: ", ")), where "
                    + "\(classes.joined(separator: ", ")) are known",
                remedy: "rename or remove what is not one of these")
        }
        entries += other.entries.map { entry in
            var copy = entry.renamed(prefix + entry.name, label: labels[entry.label]!)
            copy.part = part ?? entry.part
            return copy
        }
        unlabelled += other.unlabelled
        unlisted += other.unlisted.map { prefix + $0 }
        passedOver += other.passedOver.map { PassedOver(name: prefix + $0.name, reason: $0.reason) }
        notes += other.notes.filter { !notes.contains($0) }
        positiveClass = positiveClass ?? other.positiveClass
    }

    /// The class of that name, or the only one that has it but for case and blanks.
    private func label(of name: String) -> Int? {
        if let exact = classes.firstIndex(of: name) { return exact }
        let alike = classes.indices.filter { Self.folded(classes[$0]) == Self.folded(name) }
        return alike.count == 1 ? alike[0] : nil
    }

    /// A class' name without case and blanks, of which _ is one.
    static func folded(_ name: String) -> String {
        name.lowercased().filter { !$0.isWhitespace && $0 != "_" }
    }
}
