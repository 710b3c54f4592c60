import Digests
import Foundation
import Testing

@testable import Audio

/// Sounds resampled by SciPy with the same filter, by a formula, and by soxr with a filter of its own
/// (scripts/golden/signal.py).
struct ResamplingGolden: Decodable, CustomTestStringConvertible {
    let rate: Int
    let otherRate: Int
    let samples: [Float]
    let scipy: [Float]
    let formula: [Float]
    let soxr: [Float]?

    static let cases = try! JSONDecoder().decode(
        [ResamplingGolden].self, from: Data(contentsOf: Golden.folder.appendingPathComponent("resampling.json")))

    var testDescription: String { "\(rate) to \(otherRate) Hz" }
}

@Suite struct ResamplingTests {
    @Test(arguments: ResamplingGolden.cases) func whatPassesIsWhatOthersMakeOfIt(golden: ResamplingGolden) throws {
        let sound = try Sound(sampleRate: golden.rate, samples: golden.samples).resampled(to: golden.otherRate)
        for (name, expected) in [("SciPy", golden.scipy), ("formula", golden.formula), ("soxr", golden.soxr)] {
            guard let expected else { continue }
            #expect(sound.samples.count == expected.count)
            let error = zip(sound.samples, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(error <= 2e-7, "\(name): \(error)")
        }
    }

    /// In decibels: what is left of a tone, beside the tone itself.
    private func deviation(of hertz: Double, from rate: Int, to other: Int, expected amplitude: Double) throws -> Double
    {
        func tone(_ rate: Int, _ count: Int) -> [Double] {
            (0..<count).map { sin(2 * .pi * hertz * Double($0) / Double(rate)) }
        }
        let samples = tone(rate, rate / 2).map(Float.init)
        let result = try Sound(sampleRate: rate, samples: samples).resampled(to: other).samples
        // Where the tone begins and ends it is more than a tone.
        let middle = result.count / 4..<3 * result.count / 4
        let squares = zip(result, tone(other, result.count)).map { pow(Double($0) - amplitude * $1, 2) }[middle]
        return 10 * log10(squares.reduce(0, +) / Double(middle.count) / 0.5)
    }

    /// Exact places, places between coefficients, and more samples than before.
    @Test(arguments: [(44_100, 2000), (44_101, 2000), (4000, 2000), (2000, 7001)])
    func tonesStayOrAreGone(rate: Int, other: Int) throws {
        let nyquist = Double(min(rate, other)) / 2
        for share in [0.02, 0.5, 0.89] {
            #expect(try deviation(of: share * nyquist, from: rate, to: other, expected: 1) < -122)
        }
        guard other < rate else { return }
        for share in [1.01, 1.3, 1.99] {
            #expect(try deviation(of: share * nyquist, from: rate, to: other, expected: 0) < -125)
        }
    }

    /// What is long is made in blocks.
    @Test(arguments: [(11_025, 2000), (44_101, 2000), (500, 2000)])
    func aClickStaysWhereItWas(rate: Int, other: Int) throws {
        var samples = [Float](repeating: 0, count: 40 * rate)
        let seconds = [0, 1, 17, 39]
        for second in seconds { samples[second * rate] = 1 }
        let result = try Sound(sampleRate: rate, samples: samples).resampled(to: other).samples
        // Each is the same filter, cut off where the sound begins and ends.
        let one = result[other..<other + other / 2]
        for second in seconds {
            #expect(result[second * other..<second * other + other / 2].elementsEqual(one))
            #expect(result[max(0, second * other - 3)...second * other + 3].max() == result[second * other])
        }
    }

    @Test(arguments: [(1, 256), (256, 1), (1_000_000_007, 2000)]) func ratesTooFarApartAreRefused(rate: Int, other: Int)
    {
        let sound = Sound(sampleRate: rate, samples: [1, 2, 3])
        let error = #expect(throws: AudioError.self) { try sound.resampled(to: other) }
        #expect(error?.description.contains("256") == true)
    }

    @Test(arguments: [(255, 1), (1, 255), (511_999, 2000), (7, 1783)]) func ratesNearlyAsFarApartAreNot(
        rate: Int, other: Int
    )
        throws
    {
        let ones = Sound(sampleRate: rate, samples: [Float](repeating: 0.5, count: max(200, 200 * rate / other)))
        let result = try ones.resampled(to: other).samples
        #expect(abs(result[result.count / 2] - 0.5) < 1e-6)
    }

    @Test func theSamplesAreTheSameOnEveryProcessor() throws {
        let sound = Sound(sampleRate: 11_025, samples: (0..<30_000).map { Float($0 * 7919 % 201 - 100) / 128 })
        let odd = Sound(sampleRate: 44_101, samples: sound.samples)
        let samples = try sound.resampled(to: 2000).samples + odd.resampled(to: 2000).samples
        let digest = samples.map(\.bitPattern.littleEndian).withUnsafeBytes { SHA256.digest(of: $0) }
        #expect(digest == "d66b16526339d2a9dbb1ed9a80ac84f8a4c8bfbc1920e760057c4c1ae583d22c")
    }
}
