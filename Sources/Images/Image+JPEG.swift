internal import CTurboJPEG

extension Image {
    /// Decodes a JPEG, grey or colour.
    init(jpeg bytes: [UInt8], name: String) throws {
        guard let decoder = tjInitDecompress() else {
            throw ImageError(name: name, problem: "no memory for the JPEG decoder", remedy: "free some memory")
        }
        defer { tjDestroy(decoder) }

        func check(_ status: CInt) throws {
            guard status == 0 else {
                let message = String(cString: tjGetErrorStr2(decoder))
                throw ImageError(
                    name: name, problem: "damaged or unusual JPEG (\(message))",
                    remedy: "restore the file, convert it to PNG or remove it")
            }
        }

        var width: CInt = 0
        var height: CInt = 0
        var subsampling: CInt = 0
        var colorspace: CInt = 0
        let size = CUnsignedLong(bytes.count)
        try check(tjDecompressHeader3(decoder, bytes, size, &width, &height, &subsampling, &colorspace))
        try Self.check(width: Int(width), height: Int(height), name: name)

        var pixels = [UInt8](repeating: 0, count: 3 * Int(width) * Int(height))
        let format = CInt(TJPF_RGB.rawValue)
        try check(tjDecompress2(decoder, bytes, size, &pixels, width, 0, height, format, 0))
        self.init(width: Int(width), height: Int(height), pixels: pixels)
    }
}
