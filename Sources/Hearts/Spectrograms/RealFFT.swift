import ElementaryFunctions

/// The power spectra of windowed frames, in double precision. Used on one thread at a time.
final class RealFFT {
    /// Samples in a frame; even.
    let size: Int

    private let half: HalfFFT
    private let window: UnsafeMutablePointer<Double>
    private let frame: ComplexBuffer
    /// exp(-2 pi i k / size).
    private let twiddles: ComplexBuffer

    private enum HalfFFT {
        case powerOfTwo(PowerOfTwoFFT)
        case any(ChirpFFT)
    }

    init(size: Int) {
        precondition(size >= 2 && size % 2 == 0, "FFT of \(size) samples")
        self.size = size
        let count = size / 2
        half = count & (count - 1) == 0 ? .powerOfTwo(PowerOfTwoFFT(size: count)) : .any(ChirpFFT(size: count))
        (frame, twiddles) = (ComplexBuffer(count: count), ComplexBuffer(count: count, rootsOfUnity: size))
        window = .allocate(capacity: size)
        // The periodic Hann window: its period is the frame's length, not one sample less.
        for i in 0..<size { window[i] = 0.5 - 0.5 * Elementary.cos(2 * .pi * Double(i) / Double(size)) }
    }

    deinit { window.deallocate() }

    /// |FFT|^2 of the Hann-windowed frame that begins at `start`; samples before and after the signal are zero.
    ///
    /// `power` has `size / 2 + 1` places.
    func power(of samples: UnsafeBufferPointer<Float>, from start: Int, into power: UnsafeMutableBufferPointer<Float>) {
        precondition(power.count == size / 2 + 1, "power: \(power.count) places for an FFT of \(size)")
        fill(samples, from: start)
        switch half {
        case .powerOfTwo(let fft): fft.transform(frame)
        case .any(let fft): fft.transform(frame)
        }
        let (count, x, twiddles, power) = (size / 2, frame.numbers, twiddles.numbers, power.baseAddress!)
        let (lowest, highest) = (x[0].real + x[0].imaginary, x[0].real - x[0].imaginary)
        (power[0], power[count]) = (Float(lowest * lowest), Float(highest * highest))
        for k in 1..<count {
            // Twice the transforms of the even samples and of the odd ones.
            let (a, b) = (x[k], x[count - k].conjugate)
            let twice = (a + b) + (a - b).turnedBack * twiddles[k]
            power[k] = Float(0.25 * (twice.real * twice.real + twice.imaginary * twice.imaginary))
        }
    }

    /// Two samples after each other are one complex number of the frame, so that half of the size is transformed.
    private func fill(_ samples: UnsafeBufferPointer<Float>, from start: Int) {
        let window = window
        frame.numbers.withMemoryRebound(to: Double.self, capacity: size) { frame in
            let first = min(max(-start, 0), size)
            let inside = first..<max(first, min(samples.count - start, size))
            for i in 0..<inside.lowerBound { frame[i] = 0 }
            for i in inside { frame[i] = Double(samples[start + i]) * window[i] }
            for i in inside.upperBound..<size { frame[i] = 0 }
        }
    }
}
