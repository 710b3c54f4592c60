/// All that a run reads: where recordings come from, what is said of them, and what else is scored.
public struct DataSelection: Hashable, Sendable {
    public var source: DataSource
    public var labelling: Labelling

    /// Data of its own for the validation: a folder or a table.
    public var validation: String?

    /// Data of its own for the test: a folder or a table.
    public var test: String?

    /// The classes that a model knows; nil takes those of the source.
    public var classes: [String]?

    /// What was said of other data, which is taken where it fits and nothing else is said.
    public var usual = Labelling()

    public init(
        _ source: DataSource, labelling: Labelling = .init(), validation: String? = nil, test: String? = nil,
        classes: [String]? = nil
    ) {
        (self.source, self.labelling) = (source, labelling)
        (self.validation, self.test) = (validation, test)
        self.classes = classes
    }
}

extension Catalog {
    /// All that a selection names, in one catalog.
    package init(_ selection: DataSelection) throws {
        var catalog = try Catalog(
            selection.source, selection.labelling, fewestClasses: selection.classes == nil ? 2 : 1)
        if let classes = selection.classes {
            var known = Catalog(classes: classes, entries: [])
            try known.add(catalog, at: "\(selection.source)")
            catalog = known
        }
        for (option, path, part) in [
            ("--validation-data", selection.validation, Part.validation), ("--test-data", selection.test, .test),
        ] {
            if let path { try catalog.add(dataAt: path, as: part, option, selection.labelling) }
        }
        // What one table does not list, another may.
        let used = Set(catalog.entries.map(\.path))
        catalog.unlisted.removeAll(where: used.contains)
        try catalog.namePatients(selection.labelling, selection.usual)
        self = catalog
    }

    /// Adds data that is all for one part.
    private mutating func add(dataAt path: String, as part: Part, _ option: String, _ labelling: Labelling) throws {
        guard !entries.contains(where: { $0.part == part }) else {
            throw DatasetError(
                name: "\(option) \(path)", problem: "the data has a \(part.rawValue) part of its own",
                remedy: "leave out \(option), or give data without that part")
        }
        var other = try Catalog(.path(path), labelling, fewestClasses: 1)
        let parts = Set(other.entries.compactMap(\.part))
        guard parts.isSubset(of: [part]) else {
            throw DatasetError(
                name: "\(option) \(path)", problem: "has parts of its own",
                remedy: "give what is meant, such as its folder of the \(part.rawValue) part")
        }
        let names = Set(entries.map(\.name))
        other.entries = other.entries.map { entry in
            // Two recordings of a run are never called alike.
            var copy = names.contains(entry.name) ? entry.renamed(entry.path) : entry
            copy.isOfTestData = part == .test
            return copy
        }
        try add(other, as: part, at: "\(option) \(path)")
    }
}
