import Foundation
import Testing

@testable import Audio

/// Files read by librosa with soundfile, and resampled by SciPy (scripts/golden/signal.py).
struct Golden: Decodable, CustomTestStringConvertible {
    let file: String
    let rate: Int
    let mono: [Float]
    let resampled: [Float]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
    static let cases = try! JSONDecoder().decode(
        [Golden].self, from: Data(contentsOf: folder.appendingPathComponent("audio.json")))

    var path: String { Self.folder.appendingPathComponent(file).path }
    var testDescription: String { file }
}

/// A folder that is removed with the value.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct SoundTests {
    let folder = try! TemporaryFolder()

    @Test(arguments: Golden.cases) func channelsAreAveragedAsInLibrosa(golden: Golden) throws {
        let sound = try Sound(contentsOf: golden.path)
        #expect(sound.sampleRate == golden.rate)
        #expect(sound.samples.count == golden.mono.count)
        let worst = zip(sound.samples, golden.mono).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= 6e-8, "\(worst)")
    }

    @Test(arguments: Golden.cases) func resamplingIsThatOfSciPy(golden: Golden) throws {
        let sound = try Sound(sampleRate: golden.rate, samples: golden.mono).resampled(to: 2000)
        #expect(sound.sampleRate == 2000)
        #expect(sound.samples.count == golden.resampled.count)
        let error = zip(sound.samples, golden.resampled).map { abs($0 - $1) }.max() ?? .infinity
        let scale = golden.resampled.map(abs).max() ?? 0
        #expect(error <= 1e-6 * scale, "\(error) of \(scale)")
    }

    @Test(arguments: [(8001, 8000, 2001), (7999, 8000, 2000), (44_100, 44_100, 2000), (1, 8000, 1), (10, 1000, 20)])
    func lengthIsRoundedUp(count: Int, rate: Int, expected: Int) throws {
        let sound = Sound(sampleRate: rate, samples: [Float](repeating: 0.25, count: count))
        #expect(try sound.resampled(to: 2000).samples.count == expected)
    }

    @Test func aWrittenFileReadsBackWithinHalfAStep() throws {
        let samples = (0..<5000).map { 0.9 * sin(Float($0) / 10) } + [-1, 1, 3, -3]
        let path = folder.path + "/sine.wav"
        try Sound(sampleRate: 2000, samples: samples).write(toWAV: path)
        let read = try Sound(contentsOf: path)
        #expect(read.samples.count == samples.count)
        for (a, b) in zip(read.samples, samples.map { max(-1, min(32767 / 32768, $0)) }) {
            #expect(abs(a - b) <= 0.5 / 32768)
        }
    }

    @Test func unusableFilesAreRefusedByName() throws {
        let whole = [UInt8](try Data(contentsOf: Golden.folder.appendingPathComponent("stereo4k.flac")))
        let files: [String: [UInt8]] = [
            "empty.wav": [],
            "noise.wav": (0..<500).map { UInt8(truncatingIfNeeded: $0 &* 77) },
            "torn.flac": Array(whole.prefix(whole.count / 2)),
            "header.wav": WaveBytes().bytes,
            "infinite.wav": WaveBytes(floats: [0, .infinity]).bytes,
        ]
        for (name, bytes) in files {
            let path = folder.path + "/" + name
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: AudioError.self, "\(name)") { try Sound(contentsOf: path) }
            #expect(error?.description.hasPrefix(path + ": ") == true)
            #expect(error?.description.contains("\n") == false)
        }
        #expect(throws: AudioError.self) { try Sound(contentsOf: "/nowhere/heart.wav") }
        #expect(throws: AudioError.self) { try Sound(contentsOf: folder.path) }
    }

    @Test func aForgedLengthTakesNoMemory() throws {
        var wave = WaveBytes([1, 2])
        wave.dataSize = 0xFFFF_FFF0
        let path = folder.path + "/forged.wav"
        try Data(wave.bytes).write(to: URL(fileURLWithPath: path))
        #expect((try? Sound(contentsOf: path).samples.count) ?? 0 <= 2)
    }

    @Test func aResultTooLongIsRefused() {
        let sound = Sound(sampleRate: 1, samples: [Float](repeating: 0, count: 1 << 20))
        #expect(throws: AudioError.self) { try sound.resampled(to: 2000) }
    }
}

/// Noise, and what SciPy's Butterworth filters leave of it (scripts/golden/signal.py).
struct FilteredGolden: Decodable {
    let rate: Int
    let low: Double
    let high: Double
    let samples: [Float]
    let filtered: [Float]

    static let cases = try! JSONDecoder().decode(
        [FilteredGolden].self, from: Data(contentsOf: Golden.folder.appendingPathComponent("filters.json")))
}

@Test(arguments: FilteredGolden.cases) func theBandPassIsSciPysForwardsAndBackwards(golden: FilteredGolden) {
    let sound = Sound(sampleRate: golden.rate, samples: golden.samples).bandPassed(from: golden.low, to: golden.high)
    let error = zip(sound.samples, golden.filtered).map { abs($0 - $1) }.max() ?? .infinity
    #expect(sound.samples.count == golden.filtered.count && error < 1e-6, "\(error)")
}

@Test func aToneInTheBandStaysInPlaceAndOneOutsideIsGone() {
    func tone(_ hertz: Double) -> Sound {
        Sound(sampleRate: 2000, samples: (0..<4000).map { Float(sin(2 * .pi * hertz * Double($0) / 2000)) })
    }
    let (inside, outside) = (tone(100), tone(5))
    let kept = inside.bandPassed(from: 25, to: 400)
    #expect(zip(kept.samples[500..<3500], inside.samples[500..<3500]).allSatisfy { abs($0 - $1) < 0.02 })
    #expect(outside.bandPassed(from: 25, to: 400).samples[500..<3500].allSatisfy { abs($0) < 0.01 })
}

@Test func aCornerTooLowForAnyDivisorLeavesTheRest() {
    let sound = Sound(sampleRate: 2000, samples: (0..<100).map { 0.5 + sin(Float($0)) })
    for (low, high) in [(1e-9, 400), (1e-12, 1e-11), (1e-300, 1e300)] {
        #expect(sound.bandPassed(from: low, to: high).samples.allSatisfy { $0.isFinite })
    }
}

@Test func aClickIsTakenOutAndTheBeatsAreLeft() {
    // A beat each half second, as loud as any other.
    var samples = (0..<10_000).map { Float(exp(-Double($0 % 1000) / 60) * sin(2 * .pi * 50 * Double($0) / 2000)) }
    let clean = samples
    for i in 0..<12 { samples[4600 + i] += 9 * Float(sin(.pi * Double(i) / 12)) }
    let mended = Sound(sampleRate: 2000, samples: samples).withoutSpikes().samples
    #expect(mended.max()! <= 1)
    let changed = mended.indices.filter { mended[$0] != samples[$0] }
    #expect(!changed.isEmpty && changed.allSatisfy { (4550...4660).contains($0) })
    #expect(Sound(sampleRate: 2000, samples: clean).withoutSpikes().samples == clean)
    let short = Array(samples[4000..<6000])
    #expect(Sound(sampleRate: 2000, samples: short).withoutSpikes().samples == short)
    let padded = [Float](repeating: 0, count: 12_000) + samples
    #expect(Sound(sampleRate: 2000, samples: padded).withoutSpikes().samples == padded)
    let silence = [Float](repeating: 0, count: 5000)
    #expect(Sound(sampleRate: 2000, samples: silence).withoutSpikes().samples == silence)
}
