import Audio
import Images

/// Makes mel spectrogram pictures of sounds. Holds work space, so each thread has its own.
public final class SpectrogramTransform {
    public let settings: SpectrogramSettings

    private let fft: RealFFT
    private let filters: MelFilterBank
    private var power: [Float]

    public init(_ settings: SpectrogramSettings) throws(SpectrogramError) {
        try settings.check()
        self.settings = settings
        fft = RealFFT(size: settings.fftSize)
        filters = MelFilterBank(settings)
        power = [Float](repeating: 0, count: settings.fftSize / 2 + 1)
    }

    /// A sound of any rate at the settings' rate, filtered as they say.
    public func prepared(_ sound: Sound) throws -> Sound {
        var sound = try sound.resampled(to: settings.sampleRate)
        if let band = settings.band { sound = sound.bandPassed(from: band.low, to: band.high) }
        return settings.removesSpikes == true ? sound.withoutSpikes() : sound
    }

    /// The picture of a sound of any rate, prepared first.
    public func image(of sound: Sound) throws -> Image {
        try prepared(sound).samples.withUnsafeBufferPointer(image(of:))
    }

    /// The picture of samples at the settings' rate: `height x width` pixels, time to the right, low frequencies at the
    /// bottom, darkest where it is 80 dB (`dynamicRange`) quieter than at the loudest point, and everywhere in silence.
    /// With `levelsBands`, the middle is the mean of a band, and a quarter of the range above it is brightest, below it
    /// darkest.
    ///
    /// The coloured spectrogram of one pixel a frame and band is resized bilinearly at half-pixel centres.
    public func image(of samples: UnsafeBufferPointer<Float>) -> Image {
        precondition(!samples.isEmpty, "image of no samples")
        var spectrogram = melSpectrogram(of: samples)
        var range = settings.dynamicRange
        let silence = spectrogram.convertToDecibels(range: range)
        if settings.levelsBands == true {
            // What is told apart within a band is half of what is told apart between bands.
            range /= 2
            spectrogram.levelBands(silence: silence, range: range)
        }
        return spectrogram.picture(range: range, channels: settings.channels ?? .colours)
            .resized(width: settings.width, height: settings.height, method: .bilinear)
    }

    /// The power in mel bands of frames centred at 0, `hop`, 2 `hop`, … samples
    /// (librosa's `feature.melspectrogram` with its defaults of a Hann window, zero padding and Slaney's filters).
    func melSpectrogram(of samples: UnsafeBufferPointer<Float>) -> MelSpectrogram {
        let frames = 1 + samples.count / settings.hop
        let mels = settings.mels
        let values = [Float](unsafeUninitializedCapacity: frames * mels) { values, count in
            count = frames * mels
            power.withUnsafeMutableBufferPointer { power in
                for frame in 0..<frames {
                    fft.power(of: samples, from: frame * settings.hop - settings.fftSize / 2, into: power)
                    let row = UnsafeMutableBufferPointer(rebasing: values[frame * mels..<(frame + 1) * mels])
                    filters.apply(to: power, into: row)
                }
            }
        }
        return MelSpectrogram(frames: frames, mels: mels, values: values)
    }
}
