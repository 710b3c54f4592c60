import Foundation

/// What this program leaves in a folder of files that it made, so that the folder is no class where it lies among data.
public enum OutputMark {
    public static let fileName = ".heartbeatnet"

    public static func put(in folder: String) throws {
        try Data().write(to: URL(fileURLWithPath: "\(folder)/\(fileName)"))
    }
}
