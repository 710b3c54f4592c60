/// Settings that no picture can be augmented with.
public struct AugmentationError: Error, Hashable, Sendable, CustomStringConvertible {
    public let setting: String
    public let problem: String

    public var description: String { "augmentation setting \(setting): \(problem)" }
}
