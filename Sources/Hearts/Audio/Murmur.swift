import ElementaryFunctions
import Randomness

/// The turbulence of blood between the heart sounds.
struct Murmur {
    enum Shape: Int {
        /// Rises and falls within systole: a narrow outflow valve, or innocent.
        case ejection

        /// Level from the first to the second sound: a leaking inflow valve.
        case holosystolic

        /// Falls from the second sound on: a leaking outflow valve.
        case decrescendo
    }

    let shape: Shape

    /// Of the loudest part, relative to the first sound.
    let amplitude: Double

    /// The centre and relative width of its band, in Hz.
    let frequency: Double
    let q: Double

    /// Where it begins and ends, as parts of systole or of diastole.
    let start: Double
    let end: Double

    static func innocent(_ stream: inout CounterStream) -> Murmur {
        Murmur(
            shape: .ejection, amplitude: logUniform(0.008, 0.05, &stream), frequency: stream.uniform(90, 180),
            q: stream.uniform(1, 2), start: stream.uniform(0.1, 0.2), end: stream.uniform(0.45, 0.65))
    }

    static func pathological(_ stream: inout CounterStream) -> Murmur {
        let draw = stream.uniform()
        let shape: Shape = draw < 0.4 ? .ejection : draw < 0.75 ? .holosystolic : .decrescendo
        let isEjection = shape == .ejection
        return Murmur(
            shape: shape, amplitude: logUniform(0.008, 0.35, &stream), frequency: stream.uniform(110, 330),
            q: stream.uniform(0.6, 1.5), start: isEjection ? stream.uniform(0.05, 0.2) : 0.02,
            end: shape == .decrescendo ? stream.uniform(0.4, 0.9) : isEjection ? stream.uniform(0.7, 0.95) : 0.98)
    }

    /// The loudness at `phase`, from 0 to 1 between the sounds the murmur lies between.
    func envelope(_ phase: Double) -> Double {
        guard phase > start && phase < end else { return 0 }
        let x = (phase - start) / (end - start)
        switch shape {
        case .ejection: return Elementary.sin(.pi * x)
        case .holosystolic: return min(1, min(x, 1 - x) * 12)
        case .decrescendo: return min(1, x * 20) * (1 - x) * (1 - x)
        }
    }

    private static func logUniform(_ low: Double, _ high: Double, _ stream: inout CounterStream) -> Double {
        low * Elementary.pow(high / low, stream.uniform())
    }
}
