/// The header of a frame of MPEG audio, layers 1 to 3.
struct MPEGFrame {
    /// In bytes, with the header.
    let length: Int
    /// What all frames of a sound have in common.
    private let version: UInt8
    private let layer: UInt8
    private let rate: Int

    private init?(_ bytes: ArraySlice<UInt8>) {
        let head = Array(bytes.prefix(4))
        guard head.count == 4, head[0] == 0xFF, head[1] & 0xE0 == 0xE0 else { return nil }
        // 0 is version 2.5, 2 and 3 are versions 2 and 1.
        version = head[1] >> 3 & 3
        layer = 4 - (head[1] >> 1 & 3)
        let (bits, rateIndex, padding) = (Int(head[2] >> 4), Int(head[2] >> 2 & 3), Int(head[2] >> 1 & 1))
        guard version != 1, layer != 4, (1...14).contains(bits), rateIndex != 3 else { return nil }
        rate = [44_100, 48_000, 32_000][rateIndex] >> [2, 0, 1, 0][Int(version)]
        let table = version == 3 ? Int(layer) - 1 : layer == 1 ? 3 : 4
        let bitRate = 1000 * Self.kilobits[table][bits - 1]
        switch layer {
        case 1: length = (12 * bitRate / rate + padding) * 4
        case 3 where version != 3: length = 72 * bitRate / rate + padding
        default: length = 144 * bitRate / rate + padding
        }
    }

    private static let kilobits = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ]

    /// Do bytes begin with a whole frame that others like it follow, as far as two, or that they end with?
    static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = MPEGFrame(bytes), first.length <= bytes.count else { return false }
        var rest = bytes.dropFirst(first.length)
        for _ in 0..<2 {
            guard rest.count >= 4 else { break }
            guard let next = MPEGFrame(rest), next.isLike(first) else { return false }
            rest = rest.dropFirst(next.length)
        }
        return true
    }

    private func isLike(_ other: MPEGFrame) -> Bool {
        version == other.version && layer == other.layer && rate == other.rate
    }
}
