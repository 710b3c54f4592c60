import Audio
import Digests
import Dispatch
import Foundation
import Images
import Synchronization

/// One recording's content, as far as a dataset needs it.
struct RenderedRecording {
    /// SHA-256 of the file.
    let digest: String

    let content: Recording.Content

    /// `[windows, height, width, 3]`
    let pixels: [UInt8]

    /// SHA-256 of the pixels.
    let pixelDigest: String

    init(digest: String, content: Recording.Content, pixels: [UInt8]) {
        (self.digest, self.content, self.pixels) = (digest, content, pixels)
        pixelDigest = SHA256.digest(of: pixels)
    }
}

extension SkippedFile: Error {}

extension Catalog {
    /// Renders all entries on all cores. The result does not depend on the number of threads or on their order.
    func render(
        settings: DatasetSettings, cache: PictureCache, progress: @escaping @Sendable (Int, Int) -> Void
    ) throws -> [Result<RenderedRecording, SkippedFile>] {
        // Fails here, once, when the settings cannot be used.
        _ = try RecordingRenderer(settings)
        struct State {
            var results: [Result<RenderedRecording, SkippedFile>?]
            var done = 0
        }
        let entries = entries
        let state = Mutex(State(results: Array(repeating: nil, count: entries.count)))
        let next = Atomic(0)
        let threads = min(ProcessInfo.processInfo.activeProcessorCount, entries.count)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            guard let renderer = try? RecordingRenderer(settings) else { return }
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < entries.count else { return }
                let result = entries[index].render(renderer, cache)
                state.withLock { state in
                    state.results[index] = result
                    state.done += 1
                    progress(state.done, entries.count)
                }
            }
        }
        return state.withLock { $0.results.compactMap { $0 } }
    }
}

extension Catalog.Entry {
    func render(_ renderer: RecordingRenderer, _ cache: PictureCache) -> Result<RenderedRecording, SkippedFile> {
        do {
            switch content {
            case .sound(let path):
                let digest = try SHA256.digest(ofFileAt: path)
                if let kept = cache.pictures(of: digest) {
                    return .success(RenderedRecording(digest: digest, content: kept.content, pixels: kept.pixels))
                }
                let sound = try Sound(contentsOf: path)
                let pictures = KeptPictures(
                    content: .init(of: sound), pixels: try renderer.pictures(of: sound).flatMap(\.pixels))
                cache.keep(pictures, of: digest)
                return .success(RenderedRecording(digest: digest, content: pictures.content, pixels: pictures.pixels))
            case .picture(let path):
                // Reading a picture is no slower than the cache.
                let image = try Image(contentsOf: path)
                return .success(
                    RenderedRecording(
                        digest: try SHA256.digest(ofFileAt: path), content: .init(of: image),
                        pixels: renderer.picture(of: image).pixels))
            case .synthetic(let synthesizer, let index):
                let sound = synthesizer.recording(index)
                let digest = sound.samples.withUnsafeBytes { SHA256.digest(of: $0) }
                let pixels = try renderer.pictures(of: sound).flatMap(\.pixels)
                return .success(RenderedRecording(digest: digest, content: .init(of: sound), pixels: pixels))
            case .missing(let path, let list):
                return .failure(SkippedFile(missing: path, in: list))
            }
        } catch {
            return .failure(SkippedFile(path: path, reason: "\(error)"))
        }
    }

    var path: String {
        switch content {
        case .sound(let path), .picture(let path), .missing(let path, _): path
        case .synthetic: name
        }
    }
}
