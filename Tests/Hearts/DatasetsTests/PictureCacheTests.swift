import Audio
import Foundation
import Logging
import Spectrograms
import Synchronization
import Testing

@testable import Datasets

/// Keeps the warnings it is given.
private final class Warnings: LogHandler, Sendable {
    let messages = Mutex<[String]>([])
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .warning }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { messages.withLock { $0.append("\(event.message)") } }
}

@Suite struct PictureCacheTests {
    let folder = try! TemporaryFolder()
    let settings = DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16), windowSeconds: 0.5)

    init() throws {
        for (name, hertz) in [("a/1.wav", 40), ("a/2.wav", 80), ("b/3.wav", 120)] as [(String, Float)] {
            let samples = (0..<4000).map { sin(2 * .pi * hertz * Float($0) / 2000) }
            try folder.makeParent(of: "data/" + name)
            try Sound(sampleRate: 2000, samples: samples).write(toWAV: folder.path + "/data/" + name)
        }
    }

    private func load(cache: String, _ warnings: Warnings = Warnings()) throws -> [[UInt8]] {
        let dataset = try Dataset(
            .path(folder.path + "/data"), settings: settings, cacheFolder: cache,
            logger: Logger(label: "test") { _ in warnings })
        return dataset.samples.indices.map { dataset.withPixels(of: $0, Array.init) }
    }

    private func cacheFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache").map { folder.path + "/cache/" + $0 }
    }

    @Test func picturesAreTakenFromTheCache() throws {
        let cache = try PictureCache(folder: folder.path + "/cache", settings: settings, logger: Logger(label: "test"))
        let marked = [UInt8](repeating: 77, count: 16 * 16 * 3)
        let first = try load(cache: folder.path + "/cache")
        #expect(try cacheFiles().count == 3)
        for path in try cacheFiles() { try FileManager.default.removeItem(atPath: path) }

        let dataset = try Dataset(
            .path(folder.path + "/data"), settings: settings, cacheFolder: folder.path + "/cache")
        cache.keep(
            KeptPictures(content: dataset.recordings[1].content, pixels: marked), of: dataset.recordings[1].digest)
        let second = try load(cache: folder.path + "/cache")
        #expect(second == Array(first[0..<4]) + [marked] + Array(first[8..<12]))
    }

    @Test func damagedEntriesAreMadeAnew() throws {
        let first = try load(cache: folder.path + "/cache")
        let paths = try cacheFiles().sorted()
        let damages: [(inout Data) -> Void] = [
            { $0[$0.count / 2] ^= 1 }, { $0[$0.count - 100] ^= 1 }, { $0.removeLast(768) }, { $0 = Data() },
            { $0[$0.count - 1] ^= 1 },
        ]
        for damage in damages {
            let url = URL(fileURLWithPath: paths[0])
            let whole = try Data(contentsOf: url)
            var data = whole
            damage(&data)
            try data.write(to: url)
            #expect(try load(cache: folder.path + "/cache") == first)
            #expect(try Data(contentsOf: url) == whole)
        }
    }

    @Test func aCacheThatCannotBeWrittenIsOneWarning() throws {
        try folder.write("file", [1])
        let warnings = Warnings()
        #expect(try load(cache: folder.path + "/file/cache", warnings) == load(cache: folder.path + "/cache"))
        #expect(warnings.messages.withLock { $0.count } == 1)
        #expect(warnings.messages.withLock { $0[0].contains(folder.path + "/file/cache") })
    }

    @Test func otherSettingsAreOtherEntries() throws {
        let cache = try PictureCache(folder: "/cache", settings: settings, logger: Logger(label: "test"))
        var other = settings
        other.windowHopSeconds = 0.25
        let second = try PictureCache(folder: "/cache", settings: other, logger: Logger(label: "test"))
        #expect(cache.path(of: "digest") != second.path(of: "digest"))
        #expect(cache.path(of: "digest") != cache.path(of: "other"))
    }

    @Test func otherLibrariesAreOtherEntries() throws {
        func path(_ libraries: String) throws -> String {
            try PictureCache(folder: "/cache", settings: settings, libraries: libraries, logger: Logger(label: "test"))
                .path(of: "digest")
        }
        let usual = try PictureCache(folder: "/cache", settings: settings, logger: Logger(label: "test"))
        #expect(try path(SoundLibraries.versions) == usual.path(of: "digest"))
        #expect(try path("libsndfile-1.2.0") != path("libsndfile-1.2.2"))
    }

    @Test(arguments: [
        (["HBN_CACHE": "/x", "XDG_CACHE_HOME": "/y", "HOME": "/z"], "/x"),
        (["HBN_CACHE": "", "XDG_CACHE_HOME": "/y", "HOME": "/z"], "/y/heartbeatnet"),
        (["HOME": "/z"], "/z/.cache/heartbeatnet"), (["HBN_CACHE": "/x\r"], "/x"),
        (["HBN_CACHE": " ", "HOME": "/z"], "/z/.cache/heartbeatnet"),
    ])
    func theCacheLiesWhereTheEnvironmentSays(environment: [String: String], folder: String) {
        #expect(PictureCache.standardFolder(environment) == folder)
    }
}
