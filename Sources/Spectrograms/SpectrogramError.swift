/// Settings that no spectrogram can be made with.
public struct SpectrogramError: Error, Hashable, Sendable, CustomStringConvertible {
    public let setting: String
    public let problem: String

    public var description: String { "spectrogram setting \(setting): \(problem)" }
}
