import Files
import Foundation
import Tables

extension Catalog {
    /// The bytes of a list, as far as it is a file and not absurdly long.
    static func data(ofListAt path: String) throws -> Data {
        do throws(FileError) {
            return Data(try RegularFile.contents(of: path, atMost: 1 << 26))
        } catch {
            throw DatasetError(name: path, problem: error.problem, remedy: error.remedy)
        }
    }

    static func text(ofListAt path: String) throws -> String { DelimitedTable.text(of: try data(ofListAt: path)) }

    static func table(ofListAt path: String) throws -> DelimitedTable {
        let table = DelimitedTable(try data(ofListAt: path))
        if let line = table.openQuoteLine { throw damaged(path, line, "has a quote that nothing closes") }
        return table
    }

    static func damaged(_ path: String, _ line: Int, _ problem: String) -> DatasetError {
        DatasetError(name: path, problem: "line \(line) \(problem)", remedy: "correct the line")
    }

    /// A name is that of a file in the same folder, nothing else.
    static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !name.contains("\0")
    }
}

/// A value of a list, and where it stands.
struct Cell {
    let text: String
    let path: String
    let line: Int

    /// What the list calls it.
    let column: String

    func damaged(_ problem: String) -> DatasetError {
        let shown = text.unicodeScalars.prefix(40).map { $0.properties.generalCategory == .control ? "?" : "\($0)" }
        return Catalog.damaged(path, line, "has \"\(shown.joined())\" for \(column), \(problem)")
    }
}
