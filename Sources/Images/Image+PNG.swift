internal import CPNG
import Foundation

extension Image {
    /// Decodes a PNG of any colour type. An alpha channel is dropped, not blended, as Keras' loader does.
    init(png bytes: [UInt8], name: String) throws {
        // libpng keeps the pointer from the first call to the last.
        self = try bytes.withUnsafeBytes { try Self.decode(png: $0, name: name) }
    }

    private static func decode(png bytes: UnsafeRawBufferPointer, name: String) throws -> Image {
        var header = png_image()
        header.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&header) }
        guard png_image_begin_read_from_memory(&header, bytes.baseAddress, bytes.count) != 0 else {
            throw ImageError.damagedPNG(name, header)
        }
        let width = Int(header.width)
        let height = Int(header.height)
        try check(width: width, height: height, name: name)
        // Deflate makes at most 1,032 bytes of one, and a pixel has at least a bit.
        guard width * height / 8 <= 1032 * bytes.count else {
            throw ImageError(
                name: name, problem: "\(bytes.count) bytes cannot hold \(width) x \(height) pixels",
                remedy: "restore the file or remove it")
        }

        // Without the flag libpng takes 16-bit files for linear light.
        header.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
        header.format = png_uint_32(PNG_FORMAT_RGB | PNG_FORMAT_FLAG_ALPHA)
        var rgba = [UInt8](repeating: 0, count: 4 * width * height)
        guard png_image_finish_read(&header, nil, &rgba, 0, nil) != 0 else {
            throw ImageError.damagedPNG(name, header)
        }
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { pixels, count in
            count = 3 * width * height
            for i in 0..<width * height {
                for channel in 0..<3 { pixels[3 * i + channel] = rgba[4 * i + channel] }
            }
        }
        return Image(width: width, height: height, pixels: pixels)
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

    fileprivate static func damagedPNG(_ name: String, _ header: png_image) -> ImageError {
        ImageError(name: name, problem: "damaged PNG (\(message(header)))", remedy: "restore the file or remove it")
    }
}
