import Randomness

/// Makes heart sounds in the manner of a phonocardiogram: first and second sounds, murmurs, and a recording's noise.
///
/// Recordings with an even index are normal, those with an odd one abnormal. A normal recording may carry a soft, short
/// innocent murmur, and an abnormal murmur may be barely audible, so that the two overlap. Durations of systole follow
/// Weissler, Harris and Schoenfeld, "Systolic time intervals in heart failure in man", Circulation 37 (1968).
public struct HeartSoundSynthesizer: Hashable, Sendable {
    public static let sampleRate = 2000

    public let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    public static func isAbnormal(_ index: Int) -> Bool { index % 2 == 1 }

    /// Recording `index` of this seed: 8 to 12 seconds, rounded to 16 bits, so that a WAV file of it reads back equal.
    public func recording(_ index: Int) -> Sound {
        let item = UInt32(truncatingIfNeeded: index)
        var stream = CounterGenerator(seed: seed, purpose: .synthesis, item: item).stream()
        let patient = Patient(isAbnormal: Self.isAbnormal(index), stream: &stream)
        var heart = HeartSoundSignal(seconds: stream.uniform(8, 12), sampleRate: Double(Self.sampleRate))
        heart.add(patient, &stream)
        heart.addRecordingNoise(&stream)
        let sound = Sound(sampleRate: Self.sampleRate, samples: heart.normalized(peak: stream.uniform(0.3, 0.9)))
        return Sound(sampleRate: Self.sampleRate, samples: sound.quantized.map { Float($0) / 32768 })
    }
}
