/// What a file is, by its bytes and not by its name.
public struct FileContent: Hashable, Sendable {
    public let kind: Kind
    /// Such as "a web page".
    public let words: String
    private let remedy: Remedy

    public enum Kind: Hashable, Sendable {
        case wave, flac, ogg, mp3, otherSound, png, jpeg, empty, zeros, foreign
    }

    enum Remedy: Hashable, Sendable {
        case convert
        case rename(String)
        case fetchAgain, unpack, remove
        case run(String)
    }

    init(_ kind: Kind, _ words: String, _ remedy: Remedy) {
        (self.kind, self.words, self.remedy) = (kind, words, remedy)
    }

    init(_ words: String, _ remedy: Remedy) { self.init(.foreign, words, remedy) }

    /// What would make it a file that is read; `formats` are those it could be converted to.
    public func remedy(convertingTo formats: String) -> String {
        switch remedy {
        case .convert: "convert it to \(formats), or remove it"
        case .rename(let ending): "give it the ending .\(ending), or remove it"
        case .fetchAgain: "copy or download it again, or remove it"
        case .unpack: "unpack it, or remove it"
        case .remove: "remove it"
        case .run(let command): "run \(command)"
        }
    }

    /// `bytes` are all of a file's, or its first 4096 where zeros follow if these are zeros.
    public init(of bytes: [UInt8]) {
        if bytes.isEmpty {
            self.init(.empty, "an empty file", .fetchAgain)
        } else if let signature = Signature.all.first(where: { $0.matches(bytes) }) {
            self = signature.content
        } else if MPEGFrame.begins(bytes[...]) {
            self.init(.mp3, "an MP3 sound", .rename("mp3"))
        } else if bytes.allSatisfy({ $0 == 0 }) {
            self.init(.zeros, "nothing but zeros", .fetchAgain)
        } else {
            self = Self.text(bytes) ?? FileContent("bytes of no format that is known", .convert)
        }
    }

    private static func text(_ bytes: [UInt8]) -> FileContent? {
        let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        if isWide { return FileContent("a text file", .fetchAgain) }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let head = bytes.dropFirst(bytes.starts(with: mark) ? 3 : 0).prefix(4000)
        guard head.allSatisfy({ $0 >= 32 || (9...13).contains($0) }),
            // A character may be cut at the end.
            (0...3).contains(where: { String(validating: head.dropLast($0), as: UTF8.self) != nil })
        else { return nil }
        let text = String(decoding: head, as: UTF8.self)
        let start = text.drop(while: \.isWhitespace).prefix(200).lowercased()
        if start.hasPrefix("version https://git-lfs.github.com/spec/") {
            return FileContent("a git-lfs pointer, not the file itself", .run("git lfs pull"))
        }
        if start.hasPrefix("/annex/objects/") || (start.hasPrefix("../") && start.contains("annex/objects/")) {
            return FileContent("a git-annex pointer, not the file itself", .run("git annex get"))
        }
        if ["<!doctype html", "<html", "<head", "<body"].contains(where: start.hasPrefix) {
            return FileContent("a web page", .fetchAgain)
        }
        if start.hasPrefix("<?xml") || start.hasPrefix("<error>") { return FileContent("an XML file", .fetchAgain) }
        if start.hasPrefix("{") || start.hasPrefix("[{") { return FileContent("a JSON file", .fetchAgain) }
        return FileContent("a text file", .fetchAgain)
    }
}

extension RegularFile {
    /// What the file is, and where that begins: behind a tag in front of it (ID3v2), if there is one.
    public borrowing func content() throws(FileError) -> (content: FileContent, start: Int) {
        var head = try bytes(in: 0..<4096)
        var start = 0
        let isTagged = head.count >= 10 && head.starts(with: "ID3".utf8)
        if isTagged {
            let length = head[6..<10].reduce(0) { $0 << 7 | Int($1 & 0x7F) }
            start = 10 + length + (head[5] & 0x10 != 0 ? 10 : 0)
            head = try bytes(in: start..<start + 4096)
        }
        let content = FileContent(of: head)
        if content.kind == .zeros, try !hasOnlyZeros(from: start) {
            return (FileContent("zeros, and then bytes of no format that is known", .fetchAgain), start)
        }
        return (content, start)
    }

    private borrowing func hasOnlyZeros(from start: Int) throws(FileError) -> Bool {
        var offset = start
        while true {
            let block = try bytes(in: offset..<offset + 1 << 20)
            if block.isEmpty { return true }
            guard block.allSatisfy({ $0 == 0 }) else { return false }
            offset += block.count
        }
    }
}
