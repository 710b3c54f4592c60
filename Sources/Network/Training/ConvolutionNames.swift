import TensorCore

/// Choices of algorithms as a file names them, perhaps one of another version.
public struct ConvolutionNames: Decodable, Sendable {
    let preferred: String
    let measured: [String: String]

    /// What an earlier version had: the library's own.
    static let former: Set = ["library-winograd"]

    /// A name that no algorithm has any more, or yet; but for those that are `known` all the same.
    public func unknown(but known: Set<String> = []) -> String? {
        ([preferred] + measured.sorted { $0.key < $1.key }.map(\.value)).first {
            ConvolutionAlgorithm(rawValue: $0) == nil && !known.contains($0)
        }
    }

    /// Those that there are: the rule of shapes chooses in place of the others.
    var choices: ConvolutionChoices {
        ConvolutionChoices(
            ConvolutionAlgorithm(rawValue: preferred) ?? .winograd,
            measured: measured.compactMapValues { ConvolutionAlgorithm(rawValue: $0) })
    }
}
