internal import CTurboJPEG

extension Image {
    /// Decodes a JPEG of grey, colour or ink (CMYK), as Keras' loader (Pillow) does: what its decoder only warns of is
    /// no damage, but a file that ends before its picture does is refused. The orientation in EXIF is not looked at.
    init(jpeg bytes: [UInt8], name: String) throws {
        guard let decoder = tjInitDecompress() else {
            throw ImageError(name: name, problem: "no memory for the JPEG decoder", remedy: "free some memory")
        }
        defer { tjDestroy(decoder) }
        guard JPEGMarkers.reachEnd(of: bytes) else {
            throw ImageError(
                name: name, problem: "cut off JPEG (it ends before its picture does)",
                remedy: "restore the file or remove it")
        }

        /// A warning is that of a whole picture all the same.
        func fails(_ status: CInt) -> Bool { status != 0 && tjGetErrorCode(decoder) != TJERR_WARNING.rawValue }
        var failure: ImageError {
            ImageError(
                name: name, problem: "damaged or unusual JPEG (\(String(cString: tjGetErrorStr2(decoder))))",
                remedy: "restore the file, convert it to PNG or remove it")
        }

        var (width, height): (CInt, CInt) = (0, 0)
        var (subsampling, colours): (CInt, CInt) = (0, -1)
        let size = CUnsignedLong(bytes.count)
        // What is missed here may be the subsampling's name alone, which nobody needs.
        _ = tjDecompressHeader3(decoder, bytes, size, &width, &height, &subsampling, &colours)
        guard width > 0, height > 0 else { throw failure }
        let (columns, rows) = (Int(width), Int(height))
        try Self.check(width: columns, height: rows, name: name)

        let isInk = colours == TJCS_CMYK.rawValue || colours == TJCS_YCCK.rawValue
        let format = CInt((isInk ? TJPF_CMYK : TJPF_RGB).rawValue)
        var pixels = [UInt8](repeating: 0, count: (isInk ? 4 : 3) * columns * rows)
        if fails(tjDecompress2(decoder, bytes, size, &pixels, width, 0, height, format, 0)) { throw failure }
        self.init(width: columns, height: rows, pixels: isInk ? Self.colours(ofInk: pixels) : pixels)
    }

    /// Red, green and blue of cyan, magenta, yellow and black that are 255 where there is no ink, as Adobe writes them
    /// and Pillow takes all.
    private static func colours(ofInk ink: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: ink.count / 4 * 3) { pixels, count in
            count = ink.count / 4 * 3
            for i in 0..<ink.count / 4 {
                let light = Int(ink[4 * i + 3])
                for channel in 0..<3 {
                    let taken = (255 - Int(ink[4 * i + channel])) * light + 128
                    pixels[3 * i + channel] = UInt8(max(0, light - (taken >> 8 + taken) >> 8))
                }
            }
        }
    }
}
