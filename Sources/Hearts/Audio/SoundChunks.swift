import Files

/// Where a file of chunks (WAV, RF64, AIFF, CAF) has its samples.
///
/// Who writes into a pipe does not know how long a sound will be, and who is killed has not said it. Then the header
/// holds a placeholder, and the samples are all that follows. A file that was cut off has fewer bytes than it plausibly
/// promises.
struct SoundChunks {
    /// A WAV file's format.
    struct Format {
        /// 1 for whole numbers, 3 for floats; 0x55 for MP3.
        let tag: Int
        let channels: Int
        let rate: Int
        /// Of one sample of all channels, in bytes.
        let blockSize: Int
        let bits: Int
    }

    /// Bytes that stand in for those of the file.
    struct Correction {
        let offset: Int
        let bytes: [UInt8]
    }

    private(set) var format: Format?

    /// Where in the file samples lie, as far as they are there; nil without a chunk of samples.
    private(set) var samples: Range<Int>?

    /// How many bytes of samples are promised, but not there.
    private(set) var missingBytes = 0

    /// What makes the header tell where the samples end.
    private(set) var corrections: [Correction] = []

    private let layout: Layout

    /// Nil for a file that is of another kind, or that cannot be read.
    init?(_ file: borrowing RegularFile, from start: Int = 0) {
        guard let head = try? file.bytes(in: start..<start + 12), let layout = Layout(head) else { return nil }
        self.layout = layout
        var scan = Scan(layout: layout, offset: start + layout.headerSize)
        while let chunk = scan.next(in: file) {
            switch chunk.name {
            case "fmt ": format = (try? file.bytes(in: chunk.body..<chunk.body + 40)).flatMap { Format($0, layout) }
            case "ds64": scan.longField = chunk.body + 8
            case layout.samplesName:
                locateSamples(chunk, in: file, from: start, longField: scan.longField)
                return
            default: break
            }
        }
    }

    private mutating func locateSamples(
        _ chunk: Scan.Chunk, in file: borrowing RegularFile, from start: Int, longField: Int?
    ) {
        var (promised, field, width) = (chunk.size, chunk.sizeField, layout.sizeWidth)
        if let longField, promised == 0xFFFF_FFFF, let bytes = try? file.bytes(in: longField..<longField + 8) {
            (promised, field, width) = (layout.number(bytes), longField, 8)
        }
        let rest = max(0, file.size - chunk.body)
        var length = min(promised, rest)
        if promised <= layout.samplesHead, rest > promised {
            // Nothing is promised, and something is there: other chunks, or samples.
            let following = Scan(layout: layout, offset: chunk.body + promised)
            if !following.reachesEnd(of: file) { length = rest }
        } else if promised > rest, promised < Self.leastPlaceholder {
            // Half a block is no sample.
            let block = max(1, format?.blockSize ?? 1)
            missingBytes = max(0, promised / block * block - rest)
        }
        samples = chunk.body..<chunk.body + length
        if length != promised {
            corrections = [Correction(offset: field, bytes: layout.bytes(length, width: width))]
            if layout.hasTotal {
                let total = layout.bytes(file.size - start - 8, width: 4)
                corrections.append(Correction(offset: start + 4, bytes: total))
            }
        }
    }

    /// SoX promises 0x7FFFF000 bytes, rounded down to whole blocks, others 0x7FFFFFFF, 0x80000000 or 0xFFFFFFFF and
    /// some. No sound of that many bytes is read.
    private static let leastPlaceholder = 0x7FFF_0000
}

extension SoundChunks {
    /// What is wrong with a WAV file whose samples cannot be decoded; nil where that is not in its chunks.
    var fault: String? {
        guard layout.samplesName == "data", layout.hasTotal else { return nil }
        guard let format else {
            return samples == nil
                ? "a WAV sound that was cut off in its header" : "a WAV sound without its format in front"
        }
        guard samples != nil else { return "a WAV sound without samples" }
        guard format.channels > 0, (1...Int(Int32.max)).contains(format.rate) else {
            return "a WAV sound of \(format.channels) channels at \(format.rate) Hz"
        }
        let widths = [1: [8, 16, 24, 32], 3: [32, 64], 6: [8], 7: [8]]
        if widths[format.tag]?.contains(format.bits) == true { return nil }
        return "a WAV sound of format 0x\(String(format.tag, radix: 16)) with \(format.bits) bits, which is not read"
    }
}

extension SoundChunks.Format {
    static let mp3 = 0x55

    fileprivate init?(_ bytes: [UInt8], _ layout: SoundChunks.Layout) {
        guard bytes.count >= 16 else { return nil }
        func number(_ range: Range<Int>) -> Int { layout.number(Array(bytes[range])) }
        let tag = number(0..<2)
        // The extensible format has the tag at the beginning of a longer name.
        self.tag = tag == 0xFFFE && bytes.count >= 26 ? number(24..<26) : tag
        (channels, rate, blockSize, bits) = (number(2..<4), number(4..<8), number(12..<14), number(14..<16))
    }
}
