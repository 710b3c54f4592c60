import Files
import Foundation

/// A folder and what lies in it, in the order of names: hidden files and what systems and this program leave there
/// apart.
struct Folder {
    let path: String

    /// Regular files, links to such, and whatever else is called a recording.
    let files: [String]

    /// Folders, and links to such.
    let folders: [String]

    /// Folders of files that this program made: no data beside others.
    let made: [String]

    /// What is neither, or none of the user's data, by its name in this folder.
    let passedOver: [PassedOver]

    init(_ path: String) throws {
        guard let entries = Self.names(in: path) else {
            throw DatasetError(
                name: path, problem: "not a readable folder", remedy: "check the path and its permissions")
        }
        var files: [String] = []
        var folders: [String] = []
        var made: [String] = []
        var passedOver = entries.unreadable
        for name in entries.names.sorted() {
            switch Self.kind(of: name, in: path) {
            case .file: files.append(name)
            case .folder: folders.append(name)
            case .other(let reason): passedOver.append(PassedOver(name: name, reason: reason))
            case .made:
                made.append(name)
                passedOver.append(PassedOver(name: name, reason: "an output of HeartBeatNet"))
            case .hidden: continue
            }
        }
        (self.path, self.files, self.folders, self.made, self.passedOver) = (path, files, folders, made, passedOver)
    }

    private enum Kind {
        case file, folder, made, hidden
        case other(String)
    }

    private static func kind(of name: String, in parent: String) -> Kind {
        let path = "\(parent)/\(name)"
        if name.hasPrefix(".") { return Catalog.content(ofFileAt: name) == nil ? .hidden : .other("hidden") }
        switch FileKind(at: path) {
        case .regular: return .file
        case .folder:
            if isOfASystem(name) { return .other("a folder that a system made") }
            return isOutput(path) ? .made : .folder
        default:
            // What is called a recording is one that cannot be used, and is told so with the reason.
            return Catalog.content(ofFileAt: name) == nil ? .other("neither a file nor a folder") : .file
        }
    }

    /// Nil where it cannot be read.
    private static func names(in path: String) -> (names: [String], unreadable: [PassedOver])? {
        guard let stream = opendir(path) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        var unreadable: [PassedOver] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if let name = String(validating: bytes, as: UTF8.self) {
                if name != "." && name != ".." { names.append(name) }
            } else {
                let name = String(decoding: bytes, as: UTF8.self)
                unreadable.append(PassedOver(name: name, reason: "its name is not in UTF-8"))
            }
        }
        return (names, unreadable)
    }

    /// Folders that operating systems, network storage and editors make.
    private static func isOfASystem(_ name: String) -> Bool {
        [
            "__MACOSX", "@eaDir", "@tmp", "@Recycle", "#recycle", "#snapshot", "lost+found",
            "System Volume Information",
            "$RECYCLE.BIN", "RECYCLER", "Network Trash Folder", "__pycache__", "node_modules",
        ].contains(name)
    }

    /// Whether the folder is a run's, an evaluation's, one of pictures that were made, or holds runs by its name.
    private static func isOutput(_ path: String) -> Bool {
        if (path as NSString).lastPathComponent == "runs" { return true }
        let run = RunFolder(path)
        return FileManager.default.fileExists(atPath: "\(path)/\(OutputMark.fileName)") || run.has(.folds)
            || (run.has(.configuration) && run.has(.checkpoints)) || (run.has(.report) && run.has(.metrics))
    }
}

extension Folder {
    /// What lies below a folder.
    struct Contents {
        /// Paths relative to the folder.
        fileprivate(set) var files: [String] = []
        fileprivate(set) var passedOver: [PassedOver] = []
    }

    /// Everything below this folder. Links to folders are followed; a folder that is reached twice is read once, so
    /// that links may circle.
    func contents() throws -> Contents {
        var contents = Contents()
        var known = Set<String>()
        try addContents(to: &contents, prefix: "", known: &known)
        return contents
    }

    private func addContents(to contents: inout Contents, prefix: String, known: inout Set<String>) throws {
        guard known.insert(URL(fileURLWithPath: path).resolvingSymlinksInPath().path).inserted else {
            contents.passedOver.append(
                PassedOver(name: String(prefix.dropLast()), reason: "a link to a folder that is read already"))
            return
        }
        contents.files += files.map { prefix + $0 }
        contents.passedOver += passedOver.map { PassedOver(name: prefix + $0.name, reason: $0.reason) }
        for name in folders {
            let inner: Folder
            do {
                inner = try Folder("\(path)/\(name)")
            } catch {
                contents.passedOver.append(PassedOver(name: prefix + name, reason: "a folder that cannot be read"))
                continue
            }
            try inner.addContents(to: &contents, prefix: "\(prefix)\(name)/", known: &known)
        }
    }
}
