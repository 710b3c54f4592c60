import Failures

/// Settings that no spectrogram can be made with.
public struct SpectrogramError: ExitingError, Hashable, Sendable, CustomStringConvertible {
    public let setting: String
    public let problem: String

    public var description: String { "spectrogram setting \(setting): \(problem)" }
    public var exitStatus: ExitStatus { .badData }
}
