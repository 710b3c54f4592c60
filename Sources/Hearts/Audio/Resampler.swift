import ElementaryFunctions
import Synchronization

/// Makes samples at another rate, by a low-pass filter: a sinc under Kaiser's window, without delay.
///
/// Up to 0.9 of the lower rate's Nyquist frequency a sound is what it was; from that frequency on 125 dB of it are
/// missing. All is arithmetic in double precision in a fixed order, so the same bits come of it everywhere.
struct Resampler: Sendable {
    /// Rates further apart make a sound of nothing, or nothing of a sound.
    static let greatestRatio = 256

    /// How far the filter reaches to either side, in samples of the lower rate.
    private static let halfWidth = 84
    /// The window's shape: one for 125 dB.
    private static let beta = 13.0
    /// Where half of the amplitude passes, as a share of the lower rate's Nyquist frequency.
    private static let cutoff = 0.95
    /// Where the filter is known, in places for each sample of the lower rate. Rates that are so many times their
    /// common divisor, or fewer, need no other places; for others there is linear interpolation, which is off by -140
    /// dB.
    private static let resolution = 4096

    /// The rates, without their common divisor.
    private let (input, output): (Int, Int)
    /// Places of an output sample between two input samples for which there are coefficients.
    private let phases: Int
    /// Input samples before the one that is at an output sample's place, or just before it.
    private let reach: Int
    /// Coefficients of one phase: a multiple of 8, of which the last ones may be 0.
    private let taps: Int
    /// The coefficients, phase by phase, from none to one whole input sample.
    private let bank: [Double]

    /// Needs rates of at most `greatestRatio`.
    init(from inputRate: Int, to outputRate: Int) {
        let divisor = Self.greatestCommonDivisor(inputRate, outputRate)
        (input, output) = (inputRate / divisor, outputRate / divisor)
        // An input sample is as long as output / input output samples, and the filter is as wide as the longer one
        // asks.
        let greater = max(input, output)
        phases = greater <= Self.resolution ? output : (Self.resolution * output + greater - 1) / greater
        reach = (Self.halfWidth * greater + output - 1) / output
        taps = (2 * reach + 2 + 7) / 8 * 8
        let side = Self.filter(
            places: Self.halfWidth * phases * greater / output,
            width: Double(Self.halfWidth) * Double(phases) * Double(greater) / Double(output), gain: Double(phases))
        var bank = [Double](repeating: 0, count: (phases + 1) * taps)
        for phase in 0...phases {
            for tap in 0..<taps {
                let place = abs((tap - reach) * phases - phase)
                if place < side.count { bank[phase * taps + tap] = side[place] }
            }
        }
        self.bank = bank
    }

    /// One side of the filter, from its middle on. `width` is that of the side in places; both sides add up to `gain`.
    private static func filter(places: Int, width: Double, gain: Double) -> [Double] {
        let cutoff = cutoff * Double(halfWidth) / width
        var side = (0...places).map { place -> Double in
            let (angle, share) = (.pi * cutoff * Double(place), Double(place) / width)
            let sinc = place == 0 ? 1 : Elementary.sin(angle) / angle
            return sinc * bessel(beta * (1 - share * share).squareRoot())
        }
        let scale = gain / (side[0] + 2 * side.dropFirst().reduce(0, +))
        for place in side.indices { side[place] *= scale }
        return side
    }

    /// The modified Bessel function of the first kind and of order 0, by its series.
    private static func bessel(_ x: Double) -> Double {
        let quarter = x * x / 4
        var (term, sum, k) = (1.0, 1.0, 1.0)
        while term > sum * 0x1p-60 {
            term *= quarter / (k * k)
            sum += term
            k += 1
        }
        return sum
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }

    /// The first `count` samples at the other rate; before the samples, and after them, is silence.
    func callAsFunction(_ samples: [Float], count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { result, initialized in
            let block = max(1, 4 * taps * output / input)
            var window: [Double] = []
            for start in stride(from: 0, to: count, by: block) {
                let range = start..<min(start + block, count)
                let first = range.lowerBound * input / output - reach
                let end = (range.upperBound - 1) * input / output - reach + taps
                window.removeAll(keepingCapacity: true)
                for i in first..<end { window.append(samples.indices.contains(i) ? Double(samples[i]) : 0) }
                window.withUnsafeBufferPointer { window in
                    bank.withUnsafeBufferPointer { bank in
                        for place in range {
                            let (whole, part) = (place * input).quotientAndRemainder(dividingBy: output)
                            let (phase, rest) = (part * phases).quotientAndRemainder(dividingBy: output)
                            let samples = window.baseAddress! + (whole - reach - first)
                            let coefficients = bank.baseAddress! + phase * taps
                            var sample = product(coefficients, samples)
                            if rest > 0 {
                                let next = product(coefficients + taps, samples)
                                sample += (next - sample) * (Double(rest) / Double(output))
                            }
                            result.initializeElement(at: place, to: Float(sample))
                        }
                    }
                }
            }
            initialized = count
        }
    }

    /// The sum of the products of `taps` coefficients and samples: of every eighth, and then of these eight sums.
    private func product(_ coefficients: UnsafePointer<Double>, _ samples: UnsafePointer<Double>) -> Double {
        let (a, b) = (UnsafeRawPointer(coefficients), UnsafeRawPointer(samples))
        let stride = MemoryLayout<SIMD8<Double>>.size
        var eight = SIMD8<Double>()
        for k in 0..<taps / 8 {
            eight +=
                a.loadUnaligned(fromByteOffset: k * stride, as: SIMD8<Double>.self)
                * b.loadUnaligned(fromByteOffset: k * stride, as: SIMD8<Double>.self)
        }
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }
}

extension Resampler {
    private struct Rates: Hashable {
        let input: Int
        let output: Int
    }

    /// The rates of a data set are few, and coefficients take longer than many a sound.
    private static let made = Mutex<[Rates: Resampler]>([:])

    /// One that was made before, or a new one.
    static func between(_ input: Int, _ output: Int) -> Resampler {
        let rates = Rates(input: input, output: output)
        if let resampler = made.withLock({ $0[rates] }) { return resampler }
        let resampler = Resampler(from: input, to: output)
        made.withLock { made in
            if made.count == 8 { made.removeAll() }
            made[rates] = resampler
        }
        return resampler
    }
}
