import Audio
import Foundation
import Images
import Testing

@testable import Spectrograms

/// What librosa and matplotlib make of one synthetic sound (scripts/golden/signal.py).
struct Golden: Decodable {
    let samples: [Float]

    /// The frames of which the following hold values, frame by frame.
    let frames: [Int]
    let power: [Float]
    let mel: [Float]
    let decibels: [Float]

    /// `[mels, frames, 3]` from the top.
    let colours: [UInt8]

    let filterRows: [Int]
    let filters: [Float]

    /// Every 13th of 40 filters for 512 samples at 8 kHz, where the mel scale is no longer linear.
    let otherFilters: [Float]

    /// Every 8th of 32 filters from 25 to 400 Hz for 256 samples at 2 kHz.
    let bandFilters: [Float]

    /// 1001 even steps from 0 to 1.
    let scaleColours: [UInt8]

    static func load() throws -> Golden {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
        return try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: folder.appendingPathComponent("spectrogram.json")))
    }
}

@Suite struct SpectrogramTests {
    let golden: Golden
    let transform: SpectrogramTransform

    init() throws {
        golden = try Golden.load()
        transform = try SpectrogramTransform(SpectrogramSettings(height: 128, width: 63))
    }

    private var spectrogram: MelSpectrogram {
        golden.samples.withUnsafeBufferPointer { transform.melSpectrogram(of: $0) }
    }

    /// The greatest difference, relative to the greatest value of the frame.
    private func worstError(_ values: [Float], _ expected: [Float], frame size: Int) -> Float {
        #expect(values.count == expected.count)
        return stride(from: 0, to: expected.count, by: size).map { start in
            let range = start..<start + size
            let scale = expected[range].map(abs).max() ?? 0
            return range.map { abs(values[$0] - expected[$0]) / scale }.max() ?? 0
        }.max() ?? .infinity
    }

    @Test func powerSpectraAreLibrosas() {
        let fft = RealFFT(size: 1024)
        var power = [Float](repeating: 0, count: 513)
        let values = golden.frames.flatMap { frame -> [Float] in
            golden.samples.withUnsafeBufferPointer { samples in
                power.withUnsafeMutableBufferPointer { fft.power(of: samples, from: 64 * frame - 512, into: $0) }
            }
            return power
        }
        let error = worstError(values, golden.power, frame: 513)
        #expect(error < 1e-6, "\(error)")
    }

    @Test func filtersAreLibrosas() {
        func dense(_ bank: MelFilterBank, _ rows: [Int], bins: Int) -> [Float] {
            rows.flatMap { row -> [Float] in
                let filter = bank.filters[row]
                let zeros = [Float](repeating: 0, count: bins - filter.firstBin - filter.weights.count)
                return [Float](repeating: 0, count: filter.firstBin) + filter.weights + zeros
            }
        }
        let bank = dense(
            MelFilterBank(sampleRate: 2000, fftSize: 1024, mels: 128, band: 0...1000), golden.filterRows, bins: 513)
        let other = dense(
            MelFilterBank(sampleRate: 8000, fftSize: 512, mels: 40, band: 0...4000), [0, 13, 26, 39], bins: 257)
        let band = dense(
            MelFilterBank(sampleRate: 2000, fftSize: 256, mels: 32, band: 25...400), [0, 8, 16, 24], bins: 129)
        let errors = [
            worstError(bank, golden.filters, frame: 513), worstError(other, golden.otherFilters, frame: 257),
            worstError(band, golden.bandFilters, frame: 129),
        ]
        #expect(errors.allSatisfy { $0 < 2e-7 }, "\(errors)")
    }

    @Test func melPowerIsLibrosas() {
        let spectrogram = spectrogram
        #expect(spectrogram.frames == 63 && spectrogram.mels == 128)
        let values = golden.frames.flatMap { spectrogram.values[$0 * 128..<($0 + 1) * 128] }
        let error = worstError(values, golden.mel, frame: 128)
        #expect(error < 1e-6, "\(error)")
    }

    @Test func decibelsAreLibrosas() {
        var spectrogram = spectrogram
        spectrogram.convertToDecibels(range: 80)
        let values = golden.frames.flatMap { spectrogram.values[$0 * 128..<($0 + 1) * 128] }
        let error = zip(values, golden.decibels).map { abs($0 - $1) }.max() ?? .infinity
        #expect(error < 0.005, "\(error) dB")
        #expect(spectrogram.values.max() == 0)
    }

    @Test func coloursAreMatplotlibs() {
        let scale = MelSpectrogram(frames: 1001, mels: 1, values: (0...1000).map { 80 * (Float($0) / 1000 - 1) })
        let differing = zip(scale.picture(range: 80, channels: .colours).pixels, golden.scaleColours).filter {
            $0 != $1
        }.count
        // A level on the border of two colours may fall on either side in single precision.
        #expect(differing <= 9, "\(differing) of 3003 bytes")
    }

    @Test func melChannelsAreTheDecibelsThemselves() {
        let levels = MelSpectrogram(frames: 3, mels: 2, values: [-80, 0, -40, -20, -79.9, -0.1])
        let pixels = levels.picture(range: 80, channels: .mel).pixels
        // High bands above, three equal channels.
        #expect(pixels == [255, 192, 255, 0, 128, 0].flatMap { [$0, $0, $0] })
    }

    @Test func soundsAreFilteredBeforeTheyBecomePictures() throws {
        var settings = SpectrogramSettings(mels: 16, height: 32, width: 32)
        (settings.band, settings.removesSpikes) = (FrequencyBand(low: 100, high: 200), true)
        let sound = Sound(sampleRate: 2000, samples: golden.samples)
        let filtered = sound.bandPassed(from: 100, to: 200).withoutSpikes()
        #expect(try SpectrogramTransform(settings).prepared(sound) == filtered)
    }

    @Test func aBandFillsThePicture() throws {
        var settings = SpectrogramSettings(mels: 32, height: 32, width: 32)
        settings.band = FrequencyBand(low: 100, high: 400)
        let tone = (0..<4000).map { sin(2 * .pi * 250 * Float($0) / 2000) }
        let picture = try SpectrogramTransform(settings).image(of: Sound(sampleRate: 2000, samples: tone))
        let brightest = (0..<32).max { picture[16, $0].red < picture[16, $1].red } ?? 0
        // 250 Hz is the middle of the band.
        #expect((15...16).contains(brightest), "row \(brightest)")
    }

    @Test func aBandBeyondHalfTheSampleRateEndsThere() throws {
        var settings = SpectrogramSettings(mels: 32, height: 32, width: 32)
        settings.band = FrequencyBand(low: 25, high: 5000)
        let beyond = try SpectrogramTransform(settings)
        settings.band?.high = 1000
        let within = try SpectrogramTransform(settings)
        let sound = Sound(sampleRate: 2000, samples: golden.samples)
        #expect(try beyond.image(of: sound) == within.image(of: sound))
    }

    @Test func bandsThatHoldNothingAreRefused() throws {
        var settings = SpectrogramSettings(fftSize: 128, height: 32, width: 32)
        settings.band = FrequencyBand(low: 25, high: 400)
        let error = #expect(throws: SpectrogramError.self) { try settings.check() }
        #expect(error?.setting == "mels" && error?.problem.hasPrefix("80 of 128 bands hold no frequency") == true)
        settings.mels = 32
        try settings.check()
    }

    @Test func aLevelledPictureDoesNotShowWhatAStethoscopeDoesToEverySound() {
        var spectrogram = MelSpectrogram(frames: 3, mels: 2, values: [-30, -50, -10, -60, -20, -70])
        spectrogram.levelBands(silence: -80, range: 80)
        #expect(spectrogram.values == [-50, -30, -30, -40, -40, -50])
        var louder = MelSpectrogram(frames: 2, mels: 1, values: [0, -79])
        louder.levelBands(silence: -80, range: 60)
        #expect(louder.values == [0, -60])
    }

    @Test func aGapDoesNotMoveTheRestOfALevelledPicture() {
        var whole = MelSpectrogram(frames: 2, mels: 1, values: [-30, -10])
        var gap = MelSpectrogram(frames: 5, mels: 1, values: [-80, -30, -80, -10, -80])
        whole.levelBands(silence: -80, range: 40)
        gap.levelBands(silence: -80, range: 40)
        #expect(whole.values == [-30, -10] && gap.values == [-40, -30, -40, -10, -40])
    }

    /// A stethoscope that favours high frequencies: each sample less half the one before.
    @Test func aLevelledPictureHardlyKnowsTheStethoscope() throws {
        var settings = transform.settings
        settings.channels = .mel
        func difference(levelled: Bool) throws -> Double {
            settings.levelsBands = levelled
            let pictures = try [golden.samples, zip(golden.samples, [0] + golden.samples).map { $0 - 0.5 * $1 }].map {
                try SpectrogramTransform(settings).image(of: Sound(sampleRate: 2000, samples: $0)).pixels
            }
            return Double(zip(pictures[0], pictures[1]).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) })
                / Double(pictures[0].count)
        }
        let (plain, levelled) = (try difference(levelled: false), try difference(levelled: true))
        #expect(plain > 10 && levelled < 3, "\(plain) and \(levelled) of 255")
    }

    /// So quiet that silence is not 80 dB below its loudest point.
    @Test func aGapInAQuietSoundDoesNotMoveTheRestEither() throws {
        let short = try SpectrogramTransform(SpectrogramSettings(fftSize: 64, mels: 16, height: 16, width: 16))
        func levels(_ samples: [Float]) -> ArraySlice<Float> {
            var spectrogram = samples.withUnsafeBufferPointer { short.melSpectrogram(of: $0) }
            let silence = spectrogram.convertToDecibels(range: 80)
            #expect(silence > -80)
            spectrogram.levelBands(silence: silence, range: 40)
            return spectrogram.values.prefix(30 * 16)
        }
        let quiet = golden.samples.prefix(2048).map { $0 * 1e-3 }
        let (whole, gap) = (levels(quiet), levels(quiet + [Float](repeating: 0, count: 4096)))
        let most = zip(whole, gap).map { abs($0 - $1) }.max() ?? .infinity
        #expect(most < 2, "\(most) dB")
    }

    @Test func aLevelledPictureOfSilenceIsOneGrey() throws {
        var settings = transform.settings
        (settings.channels, settings.levelsBands) = (.mel, true)
        let picture = try SpectrogramTransform(settings).image(of: Sound(sampleRate: 2000, samples: [0, 0, 0, 0]))
        #expect(picture.pixels.allSatisfy { $0 == 128 })
    }

    @Test func thePictureIsTheColouredSpectrogramWithLowFrequenciesAtTheBottom() throws {
        let image = golden.samples.withUnsafeBufferPointer { transform.image(of: $0) }
        #expect(image.width == 63 && image.height == 128)
        var differing = 0
        for row in 0..<128 {
            for (column, frame) in golden.frames.enumerated() {
                let pixel = image[frame, row]
                let i = 3 * (row * golden.frames.count + column)
                if [pixel.red, pixel.green, pixel.blue] != Array(golden.colours[i..<i + 3]) { differing += 1 }
            }
        }
        #expect(differing <= 3, "\(differing) of 512 pixels")

        let tone = (0..<4000).map { sin(2 * .pi * 40 * Float($0) / 2000) }
        let picture = try SpectrogramTransform(SpectrogramSettings(height: 64, width: 96))
            .image(of: Sound(sampleRate: 2000, samples: tone))
        let brightest = (0..<64).max { picture[48, $0].red < picture[48, $1].red } ?? 0
        // 40 of 1000 Hz is 2.6 rows above the lower edge.
        #expect((60...61).contains(brightest), "row \(brightest)")
    }

    @Test func silenceIsDarkAndLoudnessDoesNotMatter() throws {
        let silence = try transform.image(of: Sound(sampleRate: 2000, samples: [Float](repeating: 0, count: 3000)))
        #expect(silence.pixels.allSatisfy { $0 <= 3 })
        let soft = Sound(sampleRate: 2000, samples: golden.samples.map { $0 / 8 })
        #expect(try transform.image(of: soft) == transform.image(of: Sound(sampleRate: 2000, samples: golden.samples)))
    }

    /// Powers of samples beyond 1e17 or so are no floats any more.
    @Test(arguments: [1e18, 1e30, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e-30] as [Float])
    func anyFiniteSamplesMakeAPicture(scale: Float) throws {
        for (levels, channels) in [(false, SpectrogramChannels.colours), (true, .mel)] {
            var settings = transform.settings
            (settings.levelsBands, settings.channels) = (levels, channels)
            settings.band = FrequencyBand(low: 25, high: 400)
            settings.removesSpikes = true
            settings.mels = 32
            let transform = try SpectrogramTransform(settings)
            let noise = (0..<4000).map { Float(($0 * 7919) % 201 - 100) / 100 * scale }
            for samples in [noise, [0, scale, -scale, 0], [Float](repeating: scale, count: 3000)] {
                #expect(samples.withUnsafeBufferPointer(transform.image(of:)).pixels.count == 128 * 63 * 3)
                _ = try transform.image(of: Sound(sampleRate: 4000, samples: samples))
            }
        }
    }

    @Test func whatIsBeyondAFloatIsTheLoudest() {
        var spectrogram = MelSpectrogram(frames: 2, mels: 2, values: [.infinity, 1e38, .nan, 1e20])
        spectrogram.convertToDecibels(range: 80)
        #expect(spectrogram.values[0] == 0 && spectrogram.values[2] == 0 && spectrogram.values[3] == -80)
        #expect(spectrogram.values[1] < 0 && spectrogram.values[1] > -10)
    }

    @Test(arguments: [1, 63, 64, 65, 1023, 2000]) func anyLengthMakesAPicture(count: Int) throws {
        let sound = Sound(sampleRate: 2000, samples: (0..<count).map { Float($0 % 7) - 3 })
        #expect(try transform.image(of: sound).pixels.count == 128 * 63 * 3)
    }

    @Test func settingsOutOfRangeAreNamed() {
        let valid = SpectrogramSettings(height: 64, width: 96)
        let changes: [(String, (inout SpectrogramSettings) -> Void)] = [
            ("fftSize", { $0.fftSize = 1023 }), ("fftSize", { $0.fftSize = 0 }), ("hop", { $0.hop = 0 }),
            ("mels", { $0.mels = -1 }), ("dynamicRange", { $0.dynamicRange = .nan }), ("width", { $0.width = 1 << 40 }),
            ("height", { $0.height = 0 }), ("sampleRate", { $0.sampleRate = 0 }),
        ]
        for (name, change) in changes {
            var settings = valid
            change(&settings)
            let error = #expect(throws: SpectrogramError.self) { try SpectrogramTransform(settings) }
            #expect(error?.setting == name)
        }
    }
}
