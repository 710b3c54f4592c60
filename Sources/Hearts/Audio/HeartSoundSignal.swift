import ElementaryFunctions
import Randomness

/// A synthetic recording in the making.
struct HeartSoundSignal {
    private let sampleRate: Double
    private var samples: [Double]

    init(seconds: Double, sampleRate: Double) {
        self.sampleRate = sampleRate
        samples = [Double](repeating: 0, count: Int(seconds * sampleRate))
    }

    /// Adds all beats of a patient. The first begins before the recording does.
    mutating func add(_ patient: Patient, _ stream: inout CounterStream) {
        let turbulence = patient.murmur.map { noise(band: $0.frequency, q: $0.q, &stream) }
        var onset = -stream.uniform(0, 60 / patient.heartRate)
        while onset < Double(samples.count) / sampleRate {
            let breath = Elementary.sin(2 * .pi * patient.breathRate * onset + patient.breathPhase)
            let variation = patient.sinusArrhythmia * breath + stream.normal(deviation: patient.irregularity)
            let length = 60 / patient.heartRate * (1 + variation)
            let systole = patient.systole * (1 + variation / 3)
            let loudness = 1 + 0.1 * breath + stream.normal(deviation: 0.06)

            // The mitral valve closes just before the tricuspid one, the aortic before the pulmonary.
            addBurst(at: onset, frequency: patient.firstSound, decay: 0.022, amplitude: loudness)
            addBurst(at: onset + 0.025, frequency: 1.3 * patient.firstSound, decay: 0.016, amplitude: 0.5 * loudness)
            let second = onset + systole
            let amplitude = patient.secondAmplitude * loudness
            let split = patient.split + patient.splitSwing * breath
            addBurst(at: second, frequency: patient.secondSound, decay: 0.013, amplitude: amplitude)
            addBurst(
                at: second + split, frequency: 0.85 * patient.secondSound, decay: 0.012, amplitude: 0.6 * amplitude)

            if let murmur = patient.murmur, let turbulence {
                let isDiastolic = murmur.shape == .decrescendo
                let start = isDiastolic ? second : onset
                let end = isDiastolic ? onset + length : second
                add(turbulence, from: start, to: end, loudness: murmur.amplitude * loudness, murmur.envelope)
            }
            onset += length
        }
    }

    /// Adds what a recording has besides the heart: breathing, the room, the hand on the stethoscope, and its band.
    mutating func addRecordingNoise(_ stream: inout CounterStream) {
        let hiss = 0.001 * Elementary.pow(10, stream.uniform(0, 1))
        for i in samples.indices { samples[i] += stream.normal(deviation: hiss) }

        let lungs = noise(band: stream.uniform(120, 250), q: 0.8, &stream)
        let lungLoudness = 0.0015 * Elementary.pow(10, stream.uniform(0, 1))
        let breathRate = stream.uniform(0.2, 0.33)
        let phase = stream.uniform(0, 2 * .pi)
        for i in samples.indices {
            let breath = Elementary.sin(2 * .pi * breathRate * Double(i) / sampleRate + phase)
            samples[i] += lungLoudness * breath * breath * lungs[i]
        }

        let rumble = noise(band: stream.uniform(15, 30), q: 0.6, &stream)
        let rumbleLoudness = stream.uniform(0.01, 0.12)
        for i in samples.indices { samples[i] += rumbleLoudness * rumble[i] }

        for _ in 0..<stream.below(5) {
            let time = stream.uniform(0, Double(samples.count) / sampleRate)
            addBurst(at: time, frequency: stream.uniform(60, 500), decay: 0.004, amplitude: stream.uniform(0.1, 0.8))
        }

        var low = Biquad(.highPass, frequency: stream.uniform(18, 30), sampleRate: sampleRate)
        var high = Biquad(.lowPass, frequency: stream.uniform(350, 750), sampleRate: sampleRate)
        low.apply(to: &samples)
        high.apply(to: &samples)
    }

    func normalized(peak: Double) -> [Float] {
        let loudest = samples.reduce(0) { max($0, abs($1)) }
        return samples.map { Float($0 * peak / max(loudest, .leastNormalMagnitude)) }
    }

    /// A damped oscillation that starts softly: (t / decay) exp(1 - t / decay) sin(2 pi f t), t in seconds.
    private mutating func addBurst(at time: Double, frequency: Double, decay: Double, amplitude: Double) {
        let first = max(0, Int((time * sampleRate).rounded(.up)))
        let last = min(samples.count, Int((time + 12 * decay) * sampleRate))
        for i in first..<max(first, last) {
            let t = Double(i) / sampleRate - time
            let envelope = (t / decay) * Elementary.exp(1 - t / decay)
            samples[i] += amplitude * envelope * Elementary.sin(2 * .pi * frequency * t)
        }
    }

    private mutating func add(
        _ noise: [Double], from start: Double, to end: Double, loudness: Double, _ envelope: (Double) -> Double
    ) {
        let first = max(0, Int(start * sampleRate))
        let last = min(samples.count, Int(end * sampleRate))
        for i in first..<max(first, last) {
            let phase = (Double(i) / sampleRate - start) / (end - start)
            samples[i] += loudness * envelope(phase) * noise[i]
        }
    }

    /// Noise of one band with a mean square of one, as long as the recording.
    private func noise(band frequency: Double, q: Double, _ stream: inout CounterStream) -> [Double] {
        var filter = Biquad(.bandPass, frequency: frequency, sampleRate: sampleRate, q: q)
        var noise = samples.map { _ in filter.next(stream.normal()) }
        let power = noise.reduce(0) { $0 + $1 * $1 } / Double(max(noise.count, 1))
        for i in noise.indices { noise[i] /= max(power, .leastNormalMagnitude).squareRoot() }
        return noise
    }
}
