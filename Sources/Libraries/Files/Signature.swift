/// The bytes that files of one format have in one place.
struct Signature: Sendable {
    private let bytes: [UInt8]
    private let offset: Int
    /// Bytes that stand further behind: what a container holds.
    private let form: (bytes: [UInt8], offset: Int)?
    let content: FileContent

    private init(
        _ bytes: [UInt8], at offset: Int = 0, form: (bytes: [UInt8], offset: Int)? = nil, _ content: FileContent
    ) {
        (self.bytes, self.offset, self.form, self.content) = (bytes, offset, form, content)
    }

    private init(_ text: String, at offset: Int = 0, form: String? = nil, _ content: FileContent) {
        self.init(Array(text.utf8), at: offset, form: form.map { (Array($0.utf8), 8) }, content)
    }

    func matches(_ head: [UInt8]) -> Bool {
        head.dropFirst(offset).starts(with: bytes)
            && form.map { head.dropFirst($0.offset).starts(with: $0.bytes) } ?? true
    }

    private static let wave = FileContent(.wave, "a WAV sound", .rename("wav"))
    private static let ogg = FileContent(.ogg, "an Ogg sound", .rename("ogg"))
    private static let aiff = FileContent(.otherSound, "an AIFF sound", .rename("aiff"))
    private static let w64 = FileContent(.otherSound, "a W64 sound", .rename("w64"))
    private static let au = FileContent(.otherSound, "an AU sound", .rename("au"))
    private static let mp4 = FileContent("an MP4 (M4A) file, which is not read", .convert)
    private static let matlab = FileContent("a MATLAB file", .convert)
    private static func archive(_ kind: String) -> FileContent { FileContent("\(kind) archive", .unpack) }
    private static func unread(_ kind: String) -> FileContent { FileContent("\(kind), which is not read", .convert) }

    /// In the order in which they are tried.
    static let all: [Signature] = [
        Signature("RIFF", form: "WAVE", wave), Signature("RIFX", form: "WAVE", wave),
        Signature("RF64", form: "WAVE", wave),
        Signature([0x72, 0x69, 0x66, 0x66, 0x2E, 0x91, 0xCF, 0x11], w64),
        Signature("fLaC", FileContent(.flac, "a FLAC sound", .rename("flac"))), Signature("OggS", ogg),
        Signature("FORM", form: "AIFF", aiff), Signature("FORM", form: "AIFC", aiff),
        Signature(".snd", au), Signature("dns.", au),
        Signature("caff", FileContent(.otherSound, "a CAF sound", .rename("caf"))),
        Signature("NIST_1A", FileContent(.otherSound, "a NIST SPHERE sound", .rename("wav"))),
        Signature("Creative Voice File", FileContent(.otherSound, "a VOC sound", .rename("wav"))),
        Signature(
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], FileContent(.png, "a PNG picture", .rename("png"))),
        Signature([0xFF, 0xD8, 0xFF], FileContent(.jpeg, "a JPEG picture", .rename("jpg"))),

        Signature("ftyphei", at: 4, unread("a HEIC picture")), Signature("ftypmif1", at: 4, unread("a HEIC picture")),
        Signature("ftypavif", at: 4, unread("an AVIF picture")),
        Signature("ftyp", at: 4, mp4), Signature("moov", at: 4, mp4), Signature("mdat", at: 4, mp4),
        Signature([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], unread("a WMA file")),
        Signature([0x1A, 0x45, 0xDF, 0xA3], unread("a Matroska (WebM) file")),
        Signature("#!AMR", unread("an AMR sound")),
        Signature([0xFF, 0xF1], unread("an AAC sound")), Signature([0xFF, 0xF9], unread("an AAC sound")),
        Signature("RIFF", form: "AVI ", unread("an AVI film")),
        Signature("RIFF", form: "WEBP", unread("a WebP picture")),
        Signature("GIF8", unread("a GIF picture")), Signature("II*\0", unread("a TIFF picture")),
        Signature("MM\0*", unread("a TIFF picture")), Signature("BM", form: "\0\0", unread("a BMP picture")),
        Signature("DICM", at: 128, unread("a DICOM file")), Signature("%PDF", unread("a PDF document")),
        Signature([0x89, 0x48, 0x44, 0x46], FileContent("an HDF5 (MATLAB) file", .convert)),
        Signature("MATLAB", matlab), Signature([0x93] + Array("NUMPY".utf8), FileContent("a NumPy array", .convert)),
        Signature("PK\u{3}\u{4}", archive("a zip")), Signature([0x1F, 0x8B], archive("a gzip")),
        Signature("BZh", archive("a bzip2")), Signature([0xFD] + Array("7zXZ".utf8), archive("an xz")),
        Signature([0x28, 0xB5, 0x2F, 0xFD], archive("a zstd")),
        Signature([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], archive("a 7z")),
        Signature("Rar!", archive("a rar")), Signature("ustar", at: 257, archive("a tar")),
        Signature([0, 5, 0x16, 7], FileContent("what macOS keeps beside a file (AppleDouble)", .remove)),
        Signature([0, 5, 0x16, 0], FileContent("an AppleSingle file", .unpack)),
        Signature([0x4C, 0, 0, 0, 1, 0x14, 2, 0], FileContent("a Windows shortcut", .remove)),
    ]
}
