import Digests
import Foundation
import Testing

@testable import Spectrograms

@Suite struct RealFFTTests {
    private func power(_ samples: [Float], size: Int, from start: Int = 0) -> [Float] {
        let fft = RealFFT(size: size)
        var power = [Float](repeating: .nan, count: size / 2 + 1)
        samples.withUnsafeBufferPointer { samples in
            power.withUnsafeMutableBufferPointer { fft.power(of: samples, from: start, into: $0) }
        }
        return power
    }

    /// By the definition.
    private func expected(_ samples: [Float]) -> [Double] {
        let size = samples.count
        let windowed = samples.enumerated().map { i, sample in
            Double(sample) * (0.5 - 0.5 * cos(2 * .pi * Double(i) / Double(size)))
        }
        return (0...size / 2).map { k in
            var (real, imaginary) = (0.0, 0.0)
            for i in 0..<size {
                let angle = 2 * .pi * Double(i * k % size) / Double(size)
                real += windowed[i] * cos(angle)
                imaginary -= windowed[i] * sin(angle)
            }
            return real * real + imaginary * imaginary
        }
    }

    private static func noise(_ count: Int) -> [Float] { (0..<count).map { Float($0 * 7919 % 201 - 100) / 100 } }

    /// Powers of two and of four, halves that are prime, odd or even.
    @Test(arguments: [2, 4, 6, 8, 10, 12, 14, 16, 22, 30, 32, 64, 100, 122, 128, 254, 256, 400, 512, 1000, 1022, 1024])
    func anyEvenSizeIsTransformed(size: Int) {
        let samples = Self.noise(size)
        let expected = expected(samples)
        let scale = expected.max()!
        let error = zip(power(samples, size: size), expected).map { abs(Double($0) - $1) / scale }.max()!
        // Half a unit in the last place of a float.
        #expect(error <= 0x1p-24, "\(error)")
    }

    @Test(arguments: [65_536, 65_534, 60_000]) func aToneOfALargeTransformIsInItsPlace(size: Int) {
        let bin = size / 5
        let tone = (0..<size).map { Float(cos(2 * .pi * Double($0 * bin % size) / Double(size))) }
        let power = power(tone, size: size)
        // A Hann window halves the amplitude, and half of that goes to each neighbour.
        let peak = Float(size) * Float(size) / 16
        #expect(abs(power[bin] / peak - 1) < 1e-5)
        #expect(abs(power[bin - 1] / peak - 0.25) < 1e-5 && abs(power[bin + 1] / peak - 0.25) < 1e-5)
        #expect(power.indices.allSatisfy { abs($0 - bin) < 2 || power[$0] < 1e-10 * peak })
    }

    @Test func samplesBeyondTheSignalAreZero() {
        let samples = Self.noise(10)
        for (start, padded) in [
            (-6, [0, 0, 0, 0, 0, 0] + samples), (4, samples[4...] + [Float](repeating: 0, count: 10)),
        ] {
            #expect(power(samples, size: 16, from: start) == power(Array(padded.prefix(16)), size: 16))
        }
        #expect(power(samples, size: 16, from: 100).allSatisfy { $0 == 0 })
        #expect(power(samples, size: 16, from: -100).allSatisfy { $0 == 0 })
    }

    @Test func theBitsAreTheSameOnEveryProcessor() {
        var digest = SHA256()
        for size in [2, 64, 100, 1022, 1024, 2048] {
            power(Self.noise(size), size: size).map(\.bitPattern.littleEndian).withUnsafeBytes { digest.update($0) }
        }
        #expect(digest.finalize() == "553612d6de5713122f624606bac5514af8cec88c8f732141161a6992b1fe662c")
    }
}
