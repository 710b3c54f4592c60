internal import CKissFFT
import Foundation

/// The power spectra of windowed frames, by kissfft. Used on one thread at a time.
final class RealFFT {
    /// Samples in a frame; even.
    let size: Int

    private let plan: kiss_fftr_cfg
    private let window: [Float]
    private var frame: [Float]
    private var spectrum: [kiss_fft_cpx]

    init(size: Int) {
        precondition(size >= 2 && size % 2 == 0, "FFT of \(size) samples")
        guard let plan = kiss_fftr_alloc(CInt(size), 0, nil, nil) else {
            preconditionFailure("no memory for an FFT of \(size) samples")
        }
        self.size = size
        self.plan = plan
        // The periodic Hann window: its period is the frame's length, not one sample less.
        window = (0..<size).map { Float(0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(size))) }
        frame = [Float](repeating: 0, count: size)
        spectrum = [kiss_fft_cpx](repeating: kiss_fft_cpx(), count: size / 2 + 1)
    }

    deinit { hbn_kiss_fftr_free(plan) }

    /// |FFT|^2 of the Hann-windowed frame that begins at `start`; samples before and after the signal are zero.
    ///
    /// `power` has `size / 2 + 1` places.
    func power(of samples: UnsafeBufferPointer<Float>, from start: Int, into power: UnsafeMutableBufferPointer<Float>) {
        precondition(power.count == size / 2 + 1, "power: \(power.count) places for an FFT of \(size)")
        for i in 0..<size {
            let position = start + i
            frame[i] = position >= 0 && position < samples.count ? samples[position] * window[i] : 0
        }
        kiss_fftr(plan, &frame, &spectrum)
        for i in 0..<power.count { power[i] = spectrum[i].r * spectrum[i].r + spectrum[i].i * spectrum[i].i }
    }
}
