import Audio
import Images
import Spectrograms

/// Makes the pictures of one recording at a time. Holds work space, so each thread has its own.
public final class RecordingRenderer {
    private let settings: DatasetSettings
    private let windowing: Windowing?
    private let transform: SpectrogramTransform

    public init(_ settings: DatasetSettings) throws {
        self.settings = settings
        windowing = try settings.windowing()
        transform = try SpectrogramTransform(settings.spectrogram)
    }

    /// The pictures of a sound or picture file: one for each window.
    public func pictures(ofFileAt path: String) throws -> [Image] {
        switch Catalog.content(ofFileAt: path) {
        case .sound: return try pictures(of: Sound(contentsOf: path))
        case .picture: return [picture(of: try Image(contentsOf: path))]
        default:
            throw DatasetError(
                name: path, problem: "neither a sound nor a picture by its name",
                remedy: "give a file whose name ends in .wav, .flac, .png or .jpg, for example")
        }
    }

    func picture(of image: Image) -> Image {
        image.resized(width: settings.spectrogram.width, height: settings.spectrogram.height, method: .nearest)
    }

    func pictures(of sound: Sound) throws -> [Image] {
        let samples = try transform.prepared(sound).samples
        guard let windowing else { return [samples.withUnsafeBufferPointer(transform.image(of:))] }
        return windowing.filled(samples).withUnsafeBufferPointer { samples in
            windowing.starts(in: samples.count).map { start in
                transform.image(of: UnsafeBufferPointer(rebasing: samples[start..<start + windowing.length]))
            }
        }
    }
}
