import ElementaryFunctions
import Images

/// Power, or decibels, in mel bands over time.
struct MelSpectrogram {
    let frames: Int
    let mels: Int

    /// `[frames, mels]`, low bands first.
    var values: [Float]

    /// Powers as decibels relative to the greatest, none lower than `range` below it
    /// (librosa's `power_to_db(ref: max, amin: 1e-10, top_db: range)`). Silence, which librosa makes the loudest level
    /// everywhere, becomes the lowest.
    /// Returns the lowest level there can be.
    @discardableResult
    mutating func convertToDecibels(range: Float) -> Float {
        let leastPower: Float = 1e-10
        // What left the range of a float on the way, infinite or a difference of infinities, is as loud as can be.
        for i in values.indices where !(values[i] < .infinity) { values[i] = .greatestFiniteMagnitude }
        let loudest = values.max() ?? 0
        let reference = loudest > 0 ? 10 * Elementary.log10(max(leastPower, loudest)) : .infinity
        for i in values.indices {
            values[i] = max(10 * Elementary.log10(max(leastPower, values[i])) - reference, -range)
        }
        return max(10 * Elementary.log10(leastPower) - reference, -range)
    }

    /// Moves the decibels of each band so that their mean is the middle of `range`, which they do not leave. What a
    /// stethoscope makes of every sound alike is then gone, and what changes within the sound stays. Decibels of
    /// `silence`, the least there are, have no part in the mean of a band that has others: a gap in a recording must
    /// not move the rest.
    mutating func levelBands(silence: Float, range: Float) {
        for mel in 0..<mels {
            var (sum, count): (Float, Float) = (0, 0)
            for frame in 0..<frames where values[frame * mels + mel] > silence {
                sum += values[frame * mels + mel]
                count += 1
            }
            let shift = -range / 2 - (count > 0 ? sum / count : silence)
            for frame in 0..<frames {
                values[frame * mels + mel] = min(0, max(-range, values[frame * mels + mel] + shift))
            }
        }
    }

    /// Decibels of 0 at most as a picture over `range`, time to the right and low bands at the bottom.
    func picture(range: Float, channels: SpectrogramChannels) -> Image {
        let colours = channels == .colours ? Magma.colours : Self.greys
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * frames * mels) { pixels, count in
            count = 3 * frames * mels
            for mel in 0..<mels {
                let row = 3 * (mels - 1 - mel) * frames
                for frame in 0..<frames {
                    let level = values[frame * mels + mel] / range + 1
                    let colour = colours[min(255, max(0, Int(level * 256)))]
                    pixels[row + 3 * frame] = UInt8(colour >> 16)
                    pixels[row + 3 * frame + 1] = UInt8(colour >> 8 & 0xFF)
                    pixels[row + 3 * frame + 2] = UInt8(colour & 0xFF)
                }
            }
        }
        return Image(width: frames, height: mels, pixels: pixels)
    }

    private static let greys: [UInt32] = (0..<256).map { $0 << 16 | $0 << 8 | $0 }
}
