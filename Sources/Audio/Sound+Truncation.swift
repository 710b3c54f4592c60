import Foundation

extension Sound {
    /// How many bytes a WAV file lacks of those that its header promises; 0 for all else.
    ///
    /// libsndfile reads what is there of a file that was cut off, without a word.
    public static func missingBytes(inFileAt path: String) -> Int {
        guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 8), head.count == 8,
            head.starts(with: "RIFF".utf8), let size = try? file.seekToEnd()
        else { return 0 }
        let promised = head.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        // Who writes without knowing the end promises all that can be said; a last chunk's padding may be left out.
        return promised == 0xFFFF_FFFF ? 0 : max(0, promised & ~1 + 8 - Int(size))
    }
}
