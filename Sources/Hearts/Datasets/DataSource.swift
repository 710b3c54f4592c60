import Foundation

/// Where recordings come from.
public enum DataSource: Codable, Hashable, Sendable {
    /// Heart sounds made by the program, half of them abnormal.
    case synthetic(recordings: Int, seed: UInt64)

    /// A folder of class folders or of parts, a published set's (PhysioNet/CinC 2016, CirCor 2022, PASCAL 2011), or a
    /// table of recordings.
    case path(String)

    enum CodingKeys: String, CodingKey {
        case synthetic
        case path = "folder"
    }

    /// The number of synthetic recordings where none is asked for.
    public static let defaultRecordings = 400

    /// What `--data` names: the word `synthetic`, or a folder or a table, which is then found from everywhere.
    public init(argument: String, recordings: Int = defaultRecordings, seed: UInt64) {
        self =
            argument == "synthetic"
            ? .synthetic(recordings: recordings, seed: seed) : .path(URL(fileURLWithPath: argument).path)
    }
}

extension DataSource: CustomStringConvertible {
    public var description: String {
        switch self {
        case .synthetic(let recordings, let seed): "synthetic data (\(recordings) recordings, seed \(seed))"
        case .path(let path): path
        }
    }
}
