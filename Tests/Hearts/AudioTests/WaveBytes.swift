/// The bytes of WAV files, right and wrong.
struct WaveBytes {
    var form = "RIFF"
    var format: UInt32 = 1
    var channels: UInt32 = 1
    var rate: UInt32 = 2000
    var bits: UInt32 = 16
    var data: [UInt8]
    /// What stands between format and data.
    var between: [UInt8] = []
    /// What stands behind the data.
    var behind: [UInt8] = []
    /// What the chunk of data and the header say of their lengths; nil for the truth.
    var dataSize: UInt32?
    var riffSize: UInt32?
    var hasFormat = true
    var hasData = true

    init(_ samples: [Int16] = []) {
        data = samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    init(floats: [Float]) {
        data = floats.flatMap { Self.word($0.bitPattern) }
        (format, bits) = (3, 32)
    }

    static func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    static func chunk(_ name: String, _ body: [UInt8], size: UInt32? = nil) -> [UInt8] {
        Array(name.utf8) + word(size ?? UInt32(body.count)) + body
    }

    var bytes: [UInt8] {
        let block = channels * bits / 8
        let head =
            Self.word(channels << 16 | format) + Self.word(rate) + Self.word(rate &* block)
            + Self.word(bits << 16 | block)
        let body =
            Array("WAVE".utf8) + (hasFormat ? Self.chunk("fmt ", head) : []) + between
            + (hasData ? Self.chunk("data", data, size: dataSize) : []) + behind
        return Array(form.utf8) + Self.word(riffSize ?? UInt32(body.count)) + body
    }
}
