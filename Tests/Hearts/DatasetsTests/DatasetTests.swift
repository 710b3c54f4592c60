import Audio
import Digests
import Foundation
import Images
import Logging
import Spectrograms
import Synchronization
import Testing

@testable import Datasets

@Suite struct DatasetTests {
    let folder = try! TemporaryFolder()

    /// Windows of one second every half second.
    let windows = DatasetSettings(
        spectrogram: SpectrogramSettings(height: 16, width: 32), windowSeconds: 1, windowHopSeconds: 0.5)

    private func load(_ source: DataSource, _ settings: DatasetSettings) throws -> Dataset {
        try Dataset(source, settings: settings, cacheFolder: folder.path + "/cache")
    }

    /// A pitch and a length make a recording unlike all others.
    private func writeTone(_ path: String, hertz: Float, seconds: Float, rate: Int = 2000) throws {
        let samples = (0..<Int(seconds * Float(rate))).map { 0.5 * sin(2 * .pi * hertz * Float($0) / Float(rate)) }
        try folder.makeParent(of: path)
        try Sound(sampleRate: rate, samples: samples).write(toWAV: folder.path + "/" + path)
    }

    private func pixels(_ dataset: Dataset, _ sample: Int) -> [UInt8] { dataset.withPixels(of: sample, Array.init) }

    @Test func classFoldersAreTakenInOrderAndRecordingsCutIntoWindows() throws {
        try writeTone("data/sick/b.wav", hertz: 90, seconds: 3.2)
        try writeTone("data/sick/a.WAV", hertz: 80, seconds: 1)
        try writeTone("data/healthy/deep/c.flac.wav", hertz: 70, seconds: 0.4, rate: 8000)
        try folder.write("data/healthy/notes.txt", Array("no sound".utf8))
        let dataset = try load(.path(folder.path + "/data"), windows)
        #expect(dataset.classes == ["healthy", "sick"])
        #expect(dataset.recordings.map(\.name) == ["healthy/deep/c.flac.wav", "sick/a.WAV", "sick/b.wav"])
        #expect(dataset.recordings.map(\.samples) == [0..<1, 1..<2, 2..<7])
        #expect(dataset.recordings.map(\.label) == [0, 1, 1])
        #expect(dataset.samples.map(\.window) == [0, 0, 0, 1, 2, 3, 4])
        #expect(dataset.samples.map(\.label) == [0, 1, 1, 1, 1, 1, 1])
        #expect(dataset.skipped.isEmpty)

        // The fourth window of b.wav, cut by hand.
        let sound = try Sound(contentsOf: folder.path + "/data/sick/b.wav")
        let window = Sound(sampleRate: 2000, samples: Array(sound.samples[3000..<5000]))
        let image = try SpectrogramTransform(windows.spectrogram).image(of: window)
        #expect(pixels(dataset, 5) == image.pixels)
    }

    @Test func aShortRecordingIsRepeatedAndWithoutWindowsOneSampleIsTheWhole() throws {
        try writeTone("data/a/short.wav", hertz: 100, seconds: 0.25)
        try writeTone("data/b/long.wav", hertz: 60, seconds: 5)
        let cut = try load(.path(folder.path + "/data"), windows)
        let short = try Sound(contentsOf: folder.path + "/data/a/short.wav").samples
        let image = try SpectrogramTransform(windows.spectrogram)
            .image(of: Sound(sampleRate: 2000, samples: short + short + short + short))
        #expect(pixels(cut, 0) == image.pixels)

        let whole = try load(.path(folder.path + "/data"), DatasetSettings(spectrogram: windows.spectrogram))
        #expect(whole.samples.count == 2)
        let long = try Sound(contentsOf: folder.path + "/data/b/long.wav")
        #expect(try pixels(whole, 1) == SpectrogramTransform(windows.spectrogram).image(of: long).pixels)
    }

    @Test func picturesAreResizedToTheirNearestNeighbours() throws {
        let image = Image(width: 50, height: 40, pixels: (0..<6000).map { UInt8(truncatingIfNeeded: $0 &* 37) })
        for name in ["x/1.png", "y/2.PNG"] { try folder.write("data/" + name, try image.png()) }
        let dataset = try load(.path(folder.path + "/data"), windows)
        #expect(dataset.samples.count == 2)
        #expect(pixels(dataset, 1) == image.resized(width: 32, height: 16, method: .nearest).pixels)
        #expect(dataset.recordings[0].digest == dataset.recordings[1].digest)
        #expect(dataset.isOfPictures)
    }

    /// Sound, spectrogram, picture: where one of these fails and the tests of the parts do not, a part has none.
    @Test(arguments: [
        (SpectrogramChannels.colours, 1024, "56d9720ba51a99acb18ffdcb8962f47b7a575ea27ef977a9712e3c0259af832f"),
        (.mel, 1024, "12510b2e91d6278f8553ead03c1da0c3f246eb2f73c586eac736a0620a279577"),
        (.colours, 500, "33dce133df1bb373652891f0fba219d65ae52a9641c8e3b27b2070ea03ccc298"),
    ])
    func theMadePicturesAreTheSameOnEveryProcessor(channels: SpectrogramChannels, fftSize: Int, digest: String) throws {
        var settings = DatasetSettings(
            spectrogram: SpectrogramSettings(fftSize: fftSize, mels: 32, height: 64, width: 96), windowSeconds: 2.5)
        settings.spectrogram.channels = channels
        if channels == .mel {
            settings.spectrogram.band = FrequencyBand(low: 25, high: 400)
            (settings.spectrogram.removesSpikes, settings.spectrogram.levelsBands) = (true, true)
        }
        let dataset = try load(.synthetic(recordings: 6, seed: 1), settings)
        #expect(dataset.pixelDigest == digest)
    }

    @Test func thePixelDigestIsThatOfThePicturesAndOfNothingElse() throws {
        let image = Image(width: 32, height: 16, pixels: (0..<1536).map { UInt8(truncatingIfNeeded: $0 &* 37) })
        var other = image.pixels
        other[700] ^= 1
        for name in ["a/x/1.png", "a/y/2.png", "b/x/other.png", "b/y/name.png", "c/x/1.png"] {
            try folder.write(name, try image.png())
        }
        try folder.write("c/y/2.png", try Image(width: 32, height: 16, pixels: other).png())
        let (a, b, c) = try (
            load(.path(folder.path + "/a"), windows), load(.path(folder.path + "/b"), windows),
            load(.path(folder.path + "/c"), windows)
        )
        #expect(a.pixelDigest == b.pixelDigest && a.digest != b.digest)
        #expect(a.pixelDigest != c.pixelDigest)
        let small = DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16))
        #expect(try load(.path(folder.path + "/a"), small).pixelDigest != a.pixelDigest)
    }

    @Test func filesThatCannotBeReadAreNamedAndSkipped() throws {
        try writeTone("data/a/good.wav", hertz: 100, seconds: 2)
        try writeTone("data/b/good.wav", hertz: 120, seconds: 2)
        try folder.write("data/a/empty.wav", [])
        try folder.write("data/b/noise.flac", [1, 2, 3, 4])
        try folder.write("data/b/torn.png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0])
        let dataset = try load(.path(folder.path + "/data"), windows)
        #expect(dataset.recordings.map(\.name) == ["a/good.wav", "b/good.wav"])
        #expect(!dataset.isOfPictures)
        let expected = ["a/empty.wav", "b/noise.flac", "b/torn.png"].map { folder.path + "/data/" + $0 }
        #expect(dataset.skipped.map(\.path) == expected)
        #expect(zip(dataset.skipped, expected).allSatisfy { $0.reason.hasPrefix($1 + ": ") })
    }

    @Test func dataWithoutTwoUsableClassesIsRefused() throws {
        try writeTone("one/a/good.wav", hertz: 100, seconds: 1)
        try writeTone("hollow/a/good.wav", hertz: 100, seconds: 1)
        try folder.write("hollow/b/notes.txt", [65])
        try writeTone("broken/a/good.wav", hertz: 100, seconds: 1)
        try folder.write("broken/b/empty.wav", [])
        try FileManager.default.createDirectory(atPath: folder.path + "/bare", withIntermediateDirectories: true)
        let expectations = [
            "missing": "missing: there is no such folder or table", "bare": "bare: the folder is empty",
            "one": "one: it has only one class folder",
            "hollow": "hollow: it has only one class folder, a, and no recordings in b",
            "broken": "class b: none of its 1 recordings can be used",
        ]
        for (name, text) in expectations {
            let error = #expect(throws: DatasetError.self) { try load(.path(folder.path + "/" + name), windows) }
            #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
            #expect(error?.description.contains("\n") == false)
        }
    }

    @Test func physioNetSitesAreGroups() throws {
        try writeTone("data/training-a/a1.wav", hertz: 50, seconds: 1)
        try writeTone("data/training-a/a2.wav", hertz: 60, seconds: 1)
        try writeTone("data/training-b/b1.wav", hertz: 70, seconds: 1)
        try folder.write("data/training-a/REFERENCE.csv", Array("a2,1\r\na1,-1\r\na2,1\r\n\r\n".utf8))
        try folder.write("data/training-b/REFERENCE.csv", Array("b1,1\nb2,-1".utf8))
        let dataset = try load(.path(folder.path + "/data"), windows)
        #expect(dataset.classes == ["abnormal", "normal"])
        #expect(dataset.recordings.map(\.name) == ["training-a/a2.wav", "training-a/a1.wav", "training-b/b1.wav"])
        #expect(dataset.recordings.map(\.label) == [0, 1, 0])
        #expect(dataset.recordings.map(\.group) == ["training-a", "training-a", "training-b"])
        #expect(dataset.skipped.map(\.path) == [folder.path + "/data/training-b/b2.wav"])

        let site = try load(.path(folder.path + "/data/training-a"), windows)
        #expect(site.recordings.map(\.name) == ["a2.wav", "a1.wav"])
        #expect(site.recordings.allSatisfy { $0.group == nil })
    }

    @Test func recordsNamesTheRecordingsThatCount() throws {
        for name in ["a1", "a2", "a4", "a5"] { try writeTone("data/\(name).wav", hertz: 50, seconds: 1) }
        try folder.write("data/REFERENCE.csv", Array("a1,-1\na2,1\na3,1\na4,1".utf8))
        try folder.write("data/RECORDS", Array("a3\r\na5\r\na2\r\na1\r\n".utf8))
        let source = DataSource.path(folder.path + "/data")
        let dataset = try load(source, windows)
        #expect(dataset.recordings.map(\.name) == ["a1.wav", "a2.wav"])
        #expect(
            dataset.skipped.map(\.reason) == [
                "\(folder.path)/data/a3.wav: listed in REFERENCE.csv, but missing",
                "\(folder.path)/data/a5: listed in RECORDS, but without a class in REFERENCE.csv",
            ])
        #expect(try Catalog(source).unlisted == ["a4.wav"])
        try folder.write("data/RECORDS", Array("a1\n../a2".utf8))
        let error = #expect(throws: DatasetError.self) { try load(source, windows) }
        #expect(error?.problem.hasPrefix("line 2 ") == true)
    }

    @Test func theDigestCoversNamesClassesContentsAndSubjects() throws {
        try writeTone("data/x/1.wav", hertz: 50, seconds: 1)
        try writeTone("data/y/2.wav", hertz: 60, seconds: 1)
        let dataset = try load(.path(folder.path + "/data"), windows)
        let contents = try ["x/1.wav", "y/2.wav"].map { try SHA256.digest(ofFileAt: folder.path + "/data/" + $0) }
        let lines = "x/1.wav\0x\0\(contents[0])\ny/2.wav\0y\0\(contents[1])\n"
        #expect(dataset.digest == SHA256.digest(of: lines))

        // The same files as recordings of two patients, and then of one.
        let rows = "Patient ID,Recording locations:,Outcome,Additional ID\n1,AV,Normal,\n2,AV,Abnormal,"
        let digests = try ["", "1"].map { other in
            try folder.write("circor/training_data.csv", Array((rows + other).utf8))
            try writeTone("circor/training_data/1_AV.wav", hertz: 50, seconds: 1)
            try writeTone("circor/training_data/2_AV.wav", hertz: 60, seconds: 1)
            return try load(.path(folder.path + "/circor"), windows).digest
        }
        #expect(digests[0] != digests[1])
    }

    @Test func syntheticRecordingsAreHalfAbnormalAndEqualTheirWrittenFiles() throws {
        let dataset = try load(.synthetic(recordings: 6, seed: 4), windows)
        #expect(dataset.recordings.map(\.label) == [1, 0, 1, 0, 1, 0])
        let path = folder.path + "/heart.wav"
        try HeartSoundSynthesizer(seed: 4).recording(3).write(toWAV: path)
        let images = try RecordingRenderer(windows).pictures(ofFileAt: path)
        let samples = dataset.recordings[3].samples
        #expect(samples.count == images.count)
        #expect(samples.map { pixels(dataset, $0) } == images.map(\.pixels))
        #expect(throws: DatasetError.self) { try load(.synthetic(recordings: 0, seed: 1), windows) }
    }

    @Test func progressCountsEveryRecordingOnce() throws {
        let calls = Mutex<[[Int]]>([])
        _ = try Dataset(.synthetic(recordings: 9, seed: 1), settings: windows) { done, total in
            calls.withLock { $0.append([done, total]) }
        }
        #expect(calls.withLock { $0 } == (1...9).map { [$0, 9] })
    }

    @Test func settingsThatCannotBeUsedAreRefused() {
        let changes: [(inout DatasetSettings) -> Void] = [
            { $0.windowSeconds = 0 }, { $0.windowSeconds = -1 }, { $0.windowSeconds = .nan },
            { $0.windowSeconds = 1e30 },
            { $0.windowHopSeconds = 0 }, { $0.maximumWindowsPerRecording = 0 }, { $0.spectrogram.fftSize = 3 },
        ]
        for change in changes {
            var settings = windows
            change(&settings)
            #expect(throws: (any Error).self) { try load(.synthetic(recordings: 2, seed: 1), settings) }
        }
    }
}
