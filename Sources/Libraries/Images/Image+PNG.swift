internal import CPNG
import Foundation

extension Image {
    /// Decodes a PNG of any colour type, as Keras' loader (Pillow) does: an alpha channel is dropped, not blended, the
    /// file's gamma is not looked at, and 16 bits become 8 by their upper byte; but 16-bit grey is cut off at 255.
    init(png bytes: [UInt8], name: String) throws {
        self = try bytes.withUnsafeBytes { try Self.decode(png: $0, name: name) }
    }

    private static func decode(png bytes: UnsafeRawBufferPointer, name: String) throws -> Image {
        var header = hbn_png_header()
        func decode(_ rows: UnsafeMutablePointer<UInt8>?, stride: Int) throws {
            var source = hbn_png_source()
            (source.bytes, source.count) = (bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count)
            guard hbn_png_decode(&source, &header, rows, stride) != 0 else {
                let message = withUnsafeBytes(of: source.error) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                throw ImageError(
                    name: name, problem: "damaged PNG (\(message))", remedy: "restore the file or remove it")
            }
        }
        try decode(nil, stride: 0)
        let (width, height) = (Int(header.width), Int(header.height))
        try check(width: width, height: height, name: name)
        // Deflate makes at most 1,032 bytes of one, and a pixel has at least a bit.
        guard width * height / 8 <= 1032 * bytes.count else {
            throw ImageError(
                name: name, problem: "\(bytes.count) bytes cannot hold \(width) x \(height) pixels",
                remedy: "restore the file or remove it")
        }

        let (channels, isWide) = (Int(header.channels), header.depth == 16)
        let step = channels * (isWide ? 2 : 1)
        var rows = [UInt8](repeating: 0, count: width * height * step)
        try rows.withUnsafeMutableBufferPointer { try decode($0.baseAddress, stride: width * step) }
        let palette = header.isPalette != 0 ? colours(of: header) : nil
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { pixels, count in
            count = 3 * width * height
            for i in 0..<width * height {
                for channel in 0..<3 {
                    let sample = i * step + (channels < 3 ? 0 : channel * (isWide ? 2 : 1))
                    pixels[3 * i + channel] =
                        if let palette {
                            palette[3 * Int(rows[sample]) + channel]
                        } else if isWide && channels == 1 && rows[sample] > 0 {
                            255
                        } else {
                            rows[isWide && channels == 1 ? sample + 1 : sample]
                        }
                }
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// 256 colours of 3 bytes; those that the file lacks are black, as Pillow's.
    private static func colours(of header: hbn_png_header) -> [UInt8] {
        withUnsafeBytes(of: header.palette) { palette in
            (0..<768).map { $0 < 3 * Int(header.colours) ? palette[$0] : 0 }
        }
    }

    /// The picture as the bytes of a PNG file.
    public func png() throws -> [UInt8] {
        var header = png_image()
        header.version = png_uint_32(PNG_IMAGE_VERSION)
        header.width = png_uint_32(width)
        header.height = png_uint_32(height)
        header.format = png_uint_32(PNG_FORMAT_RGB)
        header.flags = png_uint_32(PNG_IMAGE_FLAG_FAST)
        defer { png_image_free(&header) }

        // The most bytes zlib can need: its own bound, one filter byte a row, and libpng's chunk overhead.
        let raw = pixels.count + height
        var size = raw + raw / 1000 + 1024 + 12 * (raw / 8192 + 1)
        var bytes = [UInt8](repeating: 0, count: size)
        guard png_image_write_to_memory(&header, &bytes, &size, 0, pixels, 0, nil) != 0 else {
            throw ImageError(
                name: "PNG of \(width) x \(height) pixels", problem: ImageError.message(header),
                remedy: "use a smaller picture")
        }
        return Array(bytes.prefix(size))
    }

    /// Writes a PNG file, whole or not at all, replacing one that exists.
    public func write(toPNG path: String) throws {
        let bytes = try png()
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw ImageError(
                name: path, problem: "the file cannot be written",
                remedy: "check that its folder exists, its permissions and the free space")
        }
    }
}

extension ImageError {
    fileprivate static func message(_ header: png_image) -> String {
        withUnsafeBytes(of: header.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
