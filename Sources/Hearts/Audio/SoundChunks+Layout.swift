import Files

extension SoundChunks {
    /// How a kind of file lays out its chunks.
    struct Layout {
        let isBigEndian: Bool
        /// The bytes in front of the first chunk.
        let headerSize: Int
        /// The bytes of a chunk's size.
        let sizeWidth: Int
        /// Whether chunks of odd sizes have a byte behind them.
        let isPadded: Bool
        /// Whether the header has the file's size.
        let hasTotal: Bool
        let samplesName: String
        /// What stands in front of the samples in their chunk, in bytes.
        let samplesHead: Int

        init?(_ head: [UInt8]) {
            func word(_ offset: Int) -> String { String(decoding: head.dropFirst(offset).prefix(4), as: UTF8.self) }
            let (name, form) = (word(0), word(8))
            switch name {
            case "RIFF" where form == "WAVE", "RIFX" where form == "WAVE", "RF64" where form == "WAVE":
                (isBigEndian, hasTotal, samplesName, samplesHead) = (name == "RIFX", name != "RF64", "data", 0)
                (headerSize, sizeWidth, isPadded) = (12, 4, true)
            case "FORM" where form == "AIFF" || form == "AIFC":
                (isBigEndian, hasTotal, samplesName, samplesHead) = (true, true, "SSND", 8)
                (headerSize, sizeWidth, isPadded) = (12, 4, true)
            case "caff":
                (isBigEndian, hasTotal, samplesName, samplesHead) = (true, false, "data", 4)
                (headerSize, sizeWidth, isPadded) = (8, 8, false)
            default: return nil
            }
        }

        /// As much of a number as an `Int` holds.
        func number(_ bytes: some BidirectionalCollection<UInt8>) -> Int {
            func value(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
            return Int(clamping: isBigEndian ? value(bytes) : value(bytes.reversed()))
        }

        func bytes(_ number: Int, width: Int) -> [UInt8] {
            let number = width == 4 ? min(number, 0xFFFF_FFFE) : number
            let bytes = (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            return isBigEndian ? bytes.reversed() : bytes
        }
    }

    /// A walk from chunk to chunk.
    struct Scan {
        struct Chunk {
            let name: String
            let sizeField: Int
            let size: Int
            let body: Int
        }

        let layout: Layout
        private(set) var offset: Int
        /// Where a chunk of samples has its size if 32 bits are too few for it.
        var longField: Int?
        private var count = 0

        init(layout: Layout, offset: Int) { (self.layout, self.offset) = (layout, offset) }

        /// The next chunk; nil at the end, and where there is none.
        mutating func next(in file: borrowing RegularFile) -> Chunk? {
            let headSize = 4 + layout.sizeWidth
            guard count < 10_000, offset <= file.size - headSize,
                let head = try? file.bytes(in: offset..<offset + headSize), head.count == headSize
            else { return nil }
            guard head[..<4].allSatisfy({ (32..<127).contains($0) }) else { return nil }
            let size = layout.number(head[4...])
            let chunk = Chunk(
                name: String(decoding: head[..<4], as: UTF8.self), sizeField: offset + 4, size: size,
                body: offset + headSize)
            count += 1
            let end = size < file.size ? chunk.body + size + (layout.isPadded ? size % 2 : 0) : file.size
            offset = min(end, file.size)
            return chunk
        }

        /// Do chunks go on to the end of the file?
        func reachesEnd(of file: borrowing RegularFile) -> Bool {
            var scan = self
            while let chunk = scan.next(in: file) {
                if chunk.size > file.size - chunk.body { return false }
            }
            return scan.offset == file.size
        }
    }
}
