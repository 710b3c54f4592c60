import Audio
import Foundation

/// A folder that is removed with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func makeParent(of name: String) throws {
        let parent = URL(fileURLWithPath: path + "/" + name).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try makeParent(of: name)
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    func write(sound name: String, _ samples: [Float], rate: Int) throws {
        try makeParent(of: name)
        try Sound(sampleRate: rate, samples: samples).write(toWAV: path + "/" + name)
    }
}
