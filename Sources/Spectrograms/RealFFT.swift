internal import CKissFFT
import Foundation

/// The power spectra of windowed frames, by kissfft. Used on one thread at a time.
final class RealFFT {
    /// Samples in a frame; even.
    let size: Int

    private let plan: kiss_fftr_cfg
    private let window: UnsafeMutablePointer<Float>
    private let frame: UnsafeMutablePointer<Float>
    private let spectrum: UnsafeMutablePointer<kiss_fft_cpx>

    init(size: Int) {
        precondition(size >= 2 && size % 2 == 0, "FFT of \(size) samples")
        guard let plan = kiss_fftr_alloc(CInt(size), 0, nil, nil) else {
            preconditionFailure("no memory for an FFT of \(size) samples")
        }
        self.size = size
        self.plan = plan
        window = .allocate(capacity: size)
        frame = .allocate(capacity: size)
        spectrum = .allocate(capacity: size / 2 + 1)
        // The periodic Hann window: its period is the frame's length, not one sample less.
        for i in 0..<size { window[i] = Float(0.5 - 0.5 * cos(2 * .pi * Double(i) / Double(size))) }
    }

    deinit {
        hbn_kiss_fftr_free(plan)
        window.deallocate()
        frame.deallocate()
        spectrum.deallocate()
    }

    /// |FFT|^2 of the Hann-windowed frame that begins at `start`; samples before and after the signal are zero.
    ///
    /// `power` has `size / 2 + 1` places.
    func power(of samples: UnsafeBufferPointer<Float>, from start: Int, into power: UnsafeMutableBufferPointer<Float>) {
        precondition(power.count == size / 2 + 1, "power: \(power.count) places for an FFT of \(size)")
        let (window, frame, spectrum) = (window, frame, spectrum)
        let first = min(max(-start, 0), size)
        let inside = first..<max(first, min(samples.count - start, size))
        for i in 0..<inside.lowerBound { frame[i] = 0 }
        for i in inside { frame[i] = samples[start + i] * window[i] }
        for i in inside.upperBound..<size { frame[i] = 0 }
        kiss_fftr(plan, frame, spectrum)
        for i in 0..<power.count { power[i] = spectrum[i].r * spectrum[i].r + spectrum[i].i * spectrum[i].i }
    }
}
