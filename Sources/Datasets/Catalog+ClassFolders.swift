import Foundation

extension Catalog {
    private static let soundExtensions = ["wav", "flac"]
    private static let pictureExtensions = ["png", "jpg", "jpeg"]

    /// A folder whose folders are the classes, in the order of their names, as Keras' `flow_from_directory` takes them.
    init(classFolders root: Folder) throws {
        guard root.folders.count >= 2 else {
            throw DatasetError(
                name: root.path,
                problem: root.folders.isEmpty && root.files.isEmpty
                    ? "the folder is empty"
                    : "it has \(root.folders.count == 1 ? "only one class folder" : "no class folders")",
                remedy:
                    "put the files into one folder for each of at least two classes, or give a folder of PhysioNet or CirCor"
            )
        }
        var entries: [Entry] = []
        for (label, name) in root.folders.enumerated() {
            let files = try Folder("\(root.path)/\(name)").filesBelow().map { "\(name)/\($0)" }
            let usable = files.compactMap { file in
                Self.content(ofFileAt: "\(root.path)/\(file)").map { Entry(name: file, label: label, content: $0) }
            }
            guard !usable.isEmpty else {
                throw DatasetError(
                    name: "\(root.path)/\(name)", problem: "the class has no .wav, .flac, .png, .jpg or .jpeg files",
                    remedy: "add some or remove the folder")
            }
            entries += usable
        }
        self.init(classes: root.folders, entries: entries)
    }

    static func sounds(among files: [String]) -> [String] {
        files.filter { soundExtensions.contains(($0 as NSString).pathExtension.lowercased()) }
    }

    /// How a file is read, by its name's end; nil where it is none of ours.
    static func content(ofFileAt path: String) -> Content? {
        let ending = (path as NSString).pathExtension.lowercased()
        if soundExtensions.contains(ending) { return .sound(path: path) }
        if pictureExtensions.contains(ending) { return .picture(path: path) }
        return nil
    }
}
