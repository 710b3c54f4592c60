/// A mono sound.
public struct Sound: Hashable, Sendable {
    /// Samples a second.
    public let sampleRate: Int

    /// Between -1 and 1 where the sound comes from a file of whole numbers.
    public let samples: [Float]

    /// The most samples (of all channels together) that are read or made, so that a forged header cannot exhaust
    /// memory.
    public static let maximumSamples = 1 << 28

    public init(sampleRate: Int, samples: [Float]) {
        precondition(sampleRate > 0, "sound: \(sampleRate) samples a second")
        self.sampleRate = sampleRate
        self.samples = samples
    }

    /// The length in seconds.
    public var seconds: Double { Double(samples.count) / Double(sampleRate) }

    /// The samples as 16-bit numbers, rounded to nearest and clipped: full scale is 32768.
    var quantized: [Int16] {
        samples.map { Int16(max(-32768, min(32767, ($0 * 32768).rounded(.toNearestOrEven)))) }
    }
}
