import Audio
import Digests
import Images

extension Recording.Content {
    init(of sound: Audio.Sound) {
        self.init(
            digest: Self.digest("sound \(sound.sampleRate)\n", sound.samples),
            sound: Sound(sampleRate: sound.sampleRate, seconds: sound.seconds))
    }

    init(of image: Image) {
        self.init(digest: Self.digest("picture \(image.width)x\(image.height)\n", image.pixels))
    }

    private static func digest(_ head: String, _ numbers: [some BitwiseCopyable]) -> String {
        var digest = SHA256()
        digest.update(head)
        numbers.withUnsafeBytes { digest.update($0) }
        return digest.finalize()
    }
}
