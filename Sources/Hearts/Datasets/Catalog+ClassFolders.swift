import Audio
import Foundation
import Images

extension Catalog {
    /// A folder whose folders are the classes, in the order of their names, as Keras' `flow_from_directory` takes them.
    ///
    /// - Parameter fewestClasses: One, where the classes are known already.
    init(classFolders root: Folder, fewestClasses: Int) throws {
        self.init(classes: [], entries: [])
        // Pictures that were made class by class are data where nothing else is.
        let names = root.folders.isEmpty ? root.made : root.folders
        passedOver = root.passedOver.filter { !names.contains($0.name) }
        passedOver += root.files.map { PassedOver(name: $0, reason: "beside the class folders") }
        for name in names {
            if Self.isUnlabelled(name) {
                try passOver(folder: name, in: root, reason: "in a folder of what has no class")
            } else {
                try add(classFolder: name, in: root)
            }
        }
        try checkClasses(in: root, fewest: fewestClasses)
        noteAlikeFolders()
        try refuseClassesToldByKind(in: root)
    }

    /// Class folders that all hold the same folders may be one level too high.
    private mutating func noteAlikeFolders() {
        let inner = classes.indices.map { label in
            Set(
                entries.lazy.filter { $0.label == label }.map { entry in
                    let parts = entry.name.split(separator: "/")
                    return parts.count > 2 ? String(parts[1]) : ""
                })
        }
        guard let first = inner.first, first.count > 1, inner.allSatisfy({ $0 == first }),
            first.allSatisfy({ !$0.isEmpty && Part(named: $0) == nil })
        else { return }
        notes.append(
            "each of \(classes.joined(separator: ", ")) holds the folders \(first.sorted().joined(separator: ", ")): if these are the "
                + "classes, give one of the outer folders, or a table of all recordings with their sites")
    }

    /// Counts everything in a folder that is not used.
    mutating func passOver(folder name: String, in root: Folder, prefix: String = "", reason: String) throws {
        let contents = try Folder("\(root.path)/\(name)").contents()
        passedOver += contents.files.map { PassedOver(name: "\(prefix)\(name)/\($0)", reason: reason) }
        passedOver += contents.passedOver.map {
            PassedOver(name: "\(prefix)\(name)/\($0.name)", reason: $0.reason)
        }
    }

    private mutating func add(classFolder name: String, in root: Folder) throws {
        let contents = try Folder("\(root.path)/\(name)").contents()
        passedOver += contents.passedOver.map { PassedOver(name: "\(name)/\($0.name)", reason: $0.reason) }
        var usable: [Entry] = []
        for file in contents.files {
            let path = "\(name)/\(file)"
            if let content = Self.content(ofFileAt: "\(root.path)/\(path)") {
                let folder = file.contains("/") ? file.prefix { $0 != "/" } : ""
                usable.append(
                    Entry(name: path, label: classes.count, part: Part(named: String(folder)), content: content))
            } else {
                passedOver.append(PassedOver(name: path, reason: "neither a sound nor a picture by its name"))
            }
        }
        if usable.isEmpty {
            guard !contents.files.isEmpty || !contents.passedOver.isEmpty else {
                throw DatasetError(
                    name: "\(root.path)/\(name)", problem: "the class has no recordings",
                    remedy: "add some or remove the folder")
            }
            return
        }
        classes.append(name)
        entries += usable
    }

    private func checkClasses(in root: Folder, fewest: Int) throws {
        let folded = Dictionary(grouping: classes, by: Self.folded)
        if let alike = folded.values.filter({ $0.count > 1 }).min(by: { $0[0] < $1[0] }) {
            throw DatasetError(
                name: root.path,
                problem: "the classes \(alike.joined(separator: " and ")) are one but for case or blanks",
                remedy: "put them into one folder, or rename one")
        }
        guard classes.count < fewest else { return }
        let problem =
            classes.isEmpty
            ? root.folders.isEmpty && root.files.isEmpty ? "the folder is empty" : "it has no class folders"
            : "it has only one class folder, \(classes[0])"
                + root.folders.filter { $0 != classes[0] }.map { ", and no recordings in \($0)" }.joined()
        throw DatasetError(
            name: root.path, problem: problem,
            remedy: Self.betterFolder(below: root).map { "did you mean \($0)?" }
                ?? "put the files into one folder for each of at least two classes, or give a table or a folder of "
                + "PhysioNet, CirCor or PASCAL")
    }

    /// A folder below that has what this one lacks: several folders with recordings.
    private static func betterFolder(below root: Folder) -> String? {
        var folder = root
        for _ in 0..<8 {
            let inner = folder.folders.compactMap { try? Folder("\(folder.path)/\($0)") }
            guard inner.count == 1, let only = inner.first else { return nil }
            let classes = only.folders.filter { name in
                (try? Folder("\(only.path)/\(name)").files)?.contains { content(ofFileAt: $0) != nil } == true
            }
            if classes.count >= 2 { return only.path }
            folder = only
        }
        return nil
    }

    /// Folders of what awaits a diagnosis, such as PASCAL's Aunlabelledtest.
    private static func isUnlabelled(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.contains("unlabel") || name.contains("un-label") || name.contains("not_labelled")
    }

    /// A class all of sounds and another all of pictures are told apart by that, and by nothing else.
    private func refuseClassesToldByKind(in root: Folder) throws {
        let kinds = classes.indices.map { label in
            Set(entries.lazy.filter { $0.label == label }.map(\.content.isPicture))
        }
        guard let sounds = kinds.firstIndex(of: [false]), let pictures = kinds.firstIndex(of: [true]) else { return }
        throw DatasetError(
            name: root.path,
            problem:
                "\(classes[sounds]) holds sounds alone and \(classes[pictures]) pictures alone, so that classes would be "
                + "told apart by the kind of their files",
            remedy: "give one of these folders, or data of one kind")
    }
}

extension Catalog {
    /// Endings of sounds and of pictures that are not read: such a file is a recording that cannot be used.
    private static let foreignSounds = ["m4a", "mp4", "aac", "wma", "amr", "3gp", "webm", "mka", "ape", "ra"]
    private static let foreignPictures = ["bmp", "gif", "tif", "tiff", "webp", "jp2", "heic"]
    private static let soundEndings = Set(Sound.fileEndings + foreignSounds)
    private static let pictureEndings = Set(Image.fileEndings + foreignPictures)

    static func sounds(among files: [String]) -> [String] {
        files.filter { soundEndings.contains(($0 as NSString).pathExtension.lowercased()) }
    }

    /// How a file is read, by its name's end; nil where it is none of ours.
    static func content(ofFileAt path: String) -> Content? {
        let ending = (path as NSString).pathExtension.lowercased()
        if soundEndings.contains(ending) { return .sound(path: path) }
        if pictureEndings.contains(ending) { return .picture(path: path) }
        return nil
    }
}

extension Catalog.Content {
    var isPicture: Bool { if case .picture = self { true } else { false } }
}
