import Digests
import Foundation
import Testing

@testable import Audio

@Suite struct HeartSoundSynthesizerTests {
    @Test func aRecordingIsAFunctionOfSeedAndIndex() {
        let first = HeartSoundSynthesizer(seed: 7).recording(3)
        #expect(first == HeartSoundSynthesizer(seed: 7).recording(3))
        #expect(first != HeartSoundSynthesizer(seed: 8).recording(3))
        #expect(first != HeartSoundSynthesizer(seed: 7).recording(4))
    }

    @Test func theSoundsAreTheSameOnEveryProcessor() {
        var digest = SHA256()
        for index in 0..<6 {
            let samples = HeartSoundSynthesizer(seed: 1).recording(index).samples
            samples.map(\.bitPattern.littleEndian).withUnsafeBytes { digest.update($0) }
        }
        #expect(digest.finalize() == "c09de7baace037f8a932325294590c46b8c40ae770e8b06b9416c0b0da08a20a")
    }

    @Test func aRecordingIsEightToTwelveSecondsWithinItsRange() {
        for index in 0..<40 {
            let sound = HeartSoundSynthesizer(seed: 1).recording(index)
            #expect(sound.sampleRate == 2000)
            #expect((8...12).contains(sound.seconds))
            let peak = sound.samples.map(abs).max() ?? 0
            #expect((0.29...0.91).contains(peak))
        }
    }

    @Test func aWAVFileOfItReadsBackEqual() throws {
        let folder = try TemporaryFolder()
        let sound = HeartSoundSynthesizer(seed: 2).recording(5)
        try sound.write(toWAV: folder.path + "/heart.wav")
        #expect(try Sound(contentsOf: folder.path + "/heart.wav") == sound)
    }

    /// The envelope of most recordings repeats after one beat: between 60/110 and 60/55 seconds.
    @Test func theBeatShowsInTheAutocorrelationOfTheEnvelope() {
        var rates: [Double] = []
        for index in stride(from: 0, to: 40, by: 2) {
            let sound = HeartSoundSynthesizer(seed: 3).recording(index)
            let envelope = stride(from: 0, to: sound.samples.count - 40, by: 20).map { start in
                sound.samples[start..<start + 40].reduce(0) { $0 + abs($1) }
            }
            let mean = envelope.reduce(0, +) / Float(envelope.count)
            let centred = envelope.map { $0 - mean }
            func correlation(_ lag: Int) -> Float {
                zip(centred, centred.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 } / Float(centred.count - lag)
            }
            let best = (50...115).max { correlation($0) < correlation($1) } ?? 0
            if correlation(best) > 0.3 * correlation(0) { rates.append(6000 / Double(best)) }
        }
        #expect(rates.count >= 14)
        #expect(Set(rates.map { Int($0 / 10) }).count >= 4)
    }

    /// Between 150 and 400 Hz a murmur fills a part of each beat: the 60th percentile of the band's loudness over 40 ms
    /// rises against the 20th. This one number must tell something, but not nearly everything.
    @Test func murmursAddEnergyButDoNotSeparateTheClasses() {
        let scores = (0..<240).map { index -> Double in
            var band = Biquad(.bandPass, frequency: 245, sampleRate: 2000, q: 1)
            let energies = HeartSoundSynthesizer(seed: 4).recording(index).samples.map { pow(band.next(Double($0)), 2) }
            let blocks = stride(from: 0, to: energies.count - 80, by: 80)
                .map { energies[$0..<$0 + 80].reduce(0, +) }.sorted()
            return blocks[blocks.count * 6 / 10] / blocks[blocks.count * 2 / 10]
        }
        var wins = 0
        for abnormal in stride(from: 1, to: 240, by: 2) {
            for normal in stride(from: 0, to: 240, by: 2) where scores[abnormal] > scores[normal] { wins += 1 }
        }
        let auc = Double(wins) / (120 * 120)
        #expect((0.65...0.9).contains(auc), "\(auc)")
    }
}
