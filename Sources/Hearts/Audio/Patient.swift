import Randomness

/// What stays the same from beat to beat of one synthetic recording.
struct Patient {
    /// Beats a minute.
    let heartRate: Double

    /// Breaths a second, and where in a breath the recording starts (radians).
    let breathRate: Double
    let breathPhase: Double

    /// Parts of the beat's length: by breathing, and at random.
    let sinusArrhythmia: Double
    let irregularity: Double

    /// Frequencies in Hz, amplitudes relative to the first sound.
    let firstSound: Double
    let secondSound: Double
    let secondAmplitude: Double

    /// Seconds between the aortic and the pulmonary part of the second sound: the mean, and the swing with breathing.
    let split: Double
    let splitSwing: Double

    let murmur: Murmur?

    init(isAbnormal: Bool, stream: inout CounterStream) {
        heartRate = stream.uniform(55, 110)
        breathRate = stream.uniform(0.2, 0.33)
        breathPhase = stream.uniform(0, 2 * .pi)
        sinusArrhythmia = stream.uniform(0.01, 0.06)
        irregularity = stream.uniform(0.005, 0.02)
        firstSound = stream.uniform(30, 60)
        secondSound = stream.uniform(50, 100)
        secondAmplitude = stream.uniform(0.4, 1.1)
        split = stream.uniform(0.03, 0.045)
        splitSwing = stream.uniform(0.005, 0.015)
        let innocent = stream.uniform() < 0.4
        murmur = isAbnormal ? .pathological(&stream) : innocent ? .innocent(&stream) : nil
    }

    /// Seconds from the first to the second sound: electromechanical systole, less the time before the first sound.
    var systole: Double { 0.546 - 0.0021 * heartRate - 0.06 }
}
