import Audio
import Foundation
import Spectrograms
import Testing

@testable import Datasets

@Suite struct DatasetCheckTests {
    let folder = try! TemporaryFolder()
    let settings = DatasetSettings(
        spectrogram: SpectrogramSettings(height: 16, width: 16), windowSeconds: 1, windowHopSeconds: 0.5)

    /// A swelling tone: few of its samples are at the peak, unless `gain` makes it clip.
    private func write(
        _ name: String, hertz: Float, seconds: Float = 2, rate: Int = 2000, gain: Float = 0.5
    ) throws {
        let count = Int(seconds * Float(rate))
        let samples = (0..<count).map { i in
            gain * Float(i) / Float(count) * sin(2 * .pi * hertz * Float(i) / Float(rate))
        }
        try folder.write(sound: "data/" + name, samples, rate: rate)
    }

    private func check(fraction: Double = 0.5) throws -> DatasetCheck {
        try DatasetCheck(.path(folder.path + "/data"), settings: settings, validationFraction: fraction, seed: 1)
    }

    private func files(_ kind: Finding.Kind, in check: DatasetCheck) -> [[String]] {
        check.findings.filter { $0.kind == kind }.map(\.files)
    }

    @Test func aClassWithoutRecordingsIsAFault() throws {
        try write("r.wav", hertz: 50)
        try folder.write("data/REFERENCE.csv", Array("r,-1\n".utf8))
        #expect(
            try check().findings.filter(\.kind.isFault).map(\.text) == [
                "abnormal: no recording of this class can be used, so no run can begin"
            ])
    }

    @Test func equalSoundsAreFoundWhateverTheirFiles() throws {
        try write("a/1.wav", hertz: 50)
        try write("a/2.wav", hertz: 50)
        // A chunk that says nothing about the sound.
        let path = folder.path + "/data/a/2.wav"
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) + Array("note\u{2}\0\0\0hi".utf8)
        try folder.write("data/a/2.wav", bytes)
        try write("b/1.wav", hertz: 60)
        try write("b/2.wav", hertz: 60)
        try write("b/3.wav", hertz: 70)
        try write("c/1.wav", hertz: 70)
        try write("c/2.wav", hertz: 80)
        // The same numbers at another rate are another sound.
        try write("c/3.wav", hertz: 160, seconds: 1, rate: 4000)
        let check = try check()
        #expect(files(.duplicate, in: check) == [["a/1.wav", "a/2.wav"], ["b/1.wav", "b/2.wav"]])
        #expect(files(.contradictory, in: check) == [["b/3.wav", "c/1.wav"]])
        #expect(check.findings[0].text.contains("b/3.wav (b, "))
        // All of a is one sound, which is one unit: nothing of it validates.
        #expect(check.findings.filter { $0.kind == .unvalidated }.map { $0.text.hasPrefix("class a: ") } == [true])
    }

    @Test func spoiltSoundsAreNamed() throws {
        try write("a/good.wav", hertz: 50)
        try write("a/silent.wav", hertz: 50, gain: 3e-5)
        try write("b/clipped.wav", hertz: 50, gain: 1.5)
        try write("b/short.wav", hertz: 50, seconds: 0.9)
        try write("b/whole.wav", hertz: 50, seconds: 1.9)
        try folder.write("data/b/torn.wav", Array("RIFF nonsense".utf8))
        try write("a/cut.wav", hertz: 60, seconds: 3)
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/data/a/cut.wav"))
        try folder.write("data/a/cut.wav", [UInt8](whole.dropLast(4000)))
        let check = try check()
        #expect(files(.silent, in: check) == [["a/silent.wav"]])
        #expect(files(.clipped, in: check) == [["b/clipped.wav"]])
        #expect(check.classes.map(\.clipped) == [0, 1])
        #expect(files(.short, in: check) == [["b/short.wav"]])
        #expect(files(.broken, in: check) == [["b/torn.wav"], ["a/cut.wav"]])
        #expect(check.findings[1].text.contains(" 4000 bytes"))
        #expect(check.findings.count == 5)
        #expect(check.findings.filter(\.kind.isFault).map(\.kind) == [.broken, .broken])
    }

    @Test func countsAndLengthsAreThoseOfTheFiles() throws {
        try write("x/a1.wav", hertz: 50, seconds: 1)
        try write("x/a2.wav", hertz: 60, seconds: 2.5)
        try write("x/a3.wav", hertz: 70, seconds: 4, rate: 4000)
        try write("y/b1.wav", hertz: 80, seconds: 6)
        try folder.write("data/x/REFERENCE.csv", Array("a1,1\na2,1\na3,-1\na4,-1".utf8))
        try folder.write("data/y/REFERENCE.csv", Array("b1,1".utf8))
        let check = try check()
        let abnormal = try #require(check.classes.first)
        #expect(abnormal.className == "abnormal" && abnormal.group == nil)
        // One, four and eleven windows, of a second each every half second.
        #expect(abnormal.recordings == 3 && abnormal.windows == 16 && abnormal.subjects == nil)
        #expect(abnormal.seconds == DatasetCheck.Seconds([6, 1, 2.5]))
        #expect(abnormal.seconds?.median == 2.5 && abnormal.seconds?.total == 9.5)
        #expect(check.groups.map(\.className) == ["abnormal", "abnormal", "normal"])
        #expect(check.groups.map(\.group) == ["x", "y", "x"])
        #expect(check.groups.map(\.windows) == [5, 11, 7])
        #expect(check.sampleRates == [2000: ["abnormal": 3], 4000: ["normal": 1]])
        #expect(check.channels == [1: ["abnormal": 3, "normal": 1]])
        // Two of three abnormal recordings, as 1.5 are rounded; the only normal one is trained on.
        #expect(check.training == 2 && check.validation == 2)
        #expect(files(.broken, in: check) == [["x/a4.wav"]])
        // Of the lengths, and of the sample rates.
        #expect(files(.confounded, in: check) == [[], []])
    }

    @Test func theSplitIsTheDatasets() throws {
        for number in 0..<12 { try write("\(number % 2)/\(number).wav", hertz: Float(40 + number), seconds: 1.2) }
        let dataset = try Dataset(
            .path(folder.path + "/data"), settings: settings, cacheFolder: folder.path + "/cache")
        let split = try dataset.split(validationFraction: 0.3, seed: 1)
        let check = try check(fraction: 0.3)
        #expect(check.training == split.training.count && check.validation == split.validation.count)
        #expect(check.classes.map(\.windows) == [6, 6] && check.findings.isEmpty)
    }

    @Test func medianOfAnEvenNumberIsBetweenTheMiddleTwo() {
        #expect(DatasetCheck.Seconds([4, 1, 2, 8])?.median == 3)
        #expect(DatasetCheck.Seconds([]) == nil)
    }
}
