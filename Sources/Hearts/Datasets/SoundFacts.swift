import Audio

/// What a check says about one sound.
struct SoundFacts {
    /// Samples a second, and the channels of the file.
    let sampleRate: Int
    let channels: Int
    let seconds: Double

    /// How much of the file was cut off.
    let missingBytes: Int

    /// Whether all samples lie within four steps of 16 bits.
    let isSilent: Bool

    /// The share of the samples whose magnitude is the greatest, within a step of 16 bits; of clipped sounds it is
    /// large.
    let shareAtPeak: Double

    var isClipped: Bool { shareAtPeak > 0.001 && !isSilent }

    init(_ sound: Sound, channels: Int, missingBytes: Int) {
        let least = sound.samples.min() ?? 0
        let greatest = sound.samples.max() ?? 0
        let threshold = max(greatest, -least) - 0x1p-15
        sampleRate = sound.sampleRate
        self.channels = channels
        seconds = sound.seconds
        self.missingBytes = missingBytes
        isSilent = greatest - least <= 4 * 0x1p-15
        shareAtPeak = Double(sound.samples.count { abs($0) >= threshold }) / Double(max(sound.samples.count, 1))
    }
}
