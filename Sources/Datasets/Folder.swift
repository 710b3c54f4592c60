import Foundation

/// A folder and what lies in it, in the order of names, hidden files left out.
struct Folder {
    let path: String
    let files: [String]
    let folders: [String]

    init(_ path: String) throws {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw DatasetError(
                name: path, problem: "not a readable folder", remedy: "check the path and its permissions")
        }
        self.path = path
        let isFolder = names.map { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder)
                && isFolder.boolValue
        }
        files = zip(names, isFolder).filter { !$1 }.map(\.0)
        folders = zip(names, isFolder).filter(\.1).map(\.0)
    }

    /// The paths of all files below this folder, relative to it; links to folders are not followed, as they may circle.
    func filesBelow() throws -> [String] {
        try files
            + folders.flatMap { name -> [String] in
                let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/\(name)")) != nil
                return isLink ? [] : try Folder("\(path)/\(name)").filesBelow().map { "\(name)/\($0)" }
            }
    }
}
