/// How a recording is cut; all numbers but `maximum` are in samples.
struct Windowing {
    let length: Int
    let hop: Int
    let maximum: Int?

    /// The starts of the windows that lie wholly within `count` samples; one window where none does.
    func starts(in count: Int) -> [Int] {
        let all = 1 + max(0, count - length) / hop
        guard let maximum, all > maximum else { return (0..<all).map { $0 * hop } }
        guard maximum > 1 else { return [(all - 1) / 2 * hop] }
        return (0..<maximum).map { ($0 * (all - 1) + (maximum - 1) / 2) / (maximum - 1) * hop }
    }

    /// A recording shorter than a window, repeated until it fills one; a longer one as it is.
    func filled(_ samples: [Float]) -> [Float] {
        guard samples.count < length else { return samples }
        return (0..<length).map { samples[$0 % samples.count] }
    }
}
