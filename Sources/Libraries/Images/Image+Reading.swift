import Files

extension Image {
    /// The endings of the names of picture files that are read, without the dot, in lower case.
    public static let fileEndings = ["png", "jpg", "jpeg"]

    /// The most bytes of a picture file that are read: those of `maximumPixels` with four channels of 16 bits.
    static let maximumFileSize = 8 * maximumPixels

    /// Reads a PNG or JPEG file; which of the two, its first bytes tell.
    public init(contentsOf path: String) throws {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try RegularFile.contents(of: path, atMost: Self.maximumFileSize)
        } catch {
            throw ImageError(name: path, problem: error.problem, remedy: error.remedy)
        }
        try self.init(bytes: bytes, name: path)
    }

    /// Decodes a PNG or JPEG file's bytes. `name` stands for them in errors.
    public init(bytes: [UInt8], name: String) throws {
        let content = FileContent(of: bytes)
        switch content.kind {
        case .png: try self.init(png: bytes, name: name)
        case .jpeg: try self.init(jpeg: bytes, name: name)
        default:
            throw ImageError(
                name: name,
                problem: content.kind == .empty ? "the file is empty" : "no PNG or JPEG, but \(content.words)",
                remedy: content.remedy(convertingTo: "PNG"))
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
