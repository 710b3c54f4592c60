import Foundation

extension Image {
    /// Reads a PNG or JPEG file; which of the two, its first bytes tell.
    public init(contentsOf path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw ImageError(
                name: path, problem: "the file cannot be read", remedy: "check that it exists and its permissions")
        }
        try self.init(bytes: [UInt8](data), name: path)
    }

    /// Decodes a PNG or JPEG file's bytes. `name` stands for them in errors.
    public init(bytes: [UInt8], name: String) throws {
        let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let jpegSignature: [UInt8] = [0xFF, 0xD8, 0xFF]
        if bytes.starts(with: pngSignature) {
            try self.init(png: bytes, name: name)
        } else if bytes.starts(with: jpegSignature) {
            try self.init(jpeg: bytes, name: name)
        } else {
            let problem = bytes.isEmpty ? "the file is empty" : "neither PNG nor JPEG"
            throw ImageError(name: name, problem: problem, remedy: "convert it to PNG, or remove it")
        }
    }

    /// Refuses a size from a file's header before memory is taken for it.
    static func check(width: Int, height: Int, name: String) throws {
        guard width > 0, height > 0, width <= maximumPixels, height <= maximumPixels / width else {
            throw ImageError(
                name: name, problem: "\(width) x \(height) pixels, at most \(maximumPixels) are read",
                remedy: "scale the picture down")
        }
    }
}
