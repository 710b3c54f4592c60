import Files
import Glibc

/// A part of a file, corrected, as the decoders' callbacks read it.
final class FileView {
    private let file: RegularFile
    private let range: Range<Int>
    private let corrections: [SoundChunks.Correction]
    private(set) var position = 0

    /// `range` and the corrections' offsets are those in the file.
    init(_ file: consuming RegularFile, _ range: Range<Int>, corrections: [SoundChunks.Correction] = []) {
        self.file = file
        self.range = range
        self.corrections = corrections
    }

    var count: Int { range.count }

    /// The number of bytes read; 0 at the end, and where the file cannot be read.
    func read(into room: UnsafeMutableRawBufferPointer) -> Int {
        let start = range.lowerBound + position
        let wanted = min(room.count, range.upperBound - start)
        guard wanted > 0 else { return 0 }
        let count = (try? file.read(into: UnsafeMutableRawBufferPointer(rebasing: room[..<wanted]), at: start)) ?? 0
        for correction in corrections {
            for (index, byte) in correction.bytes.enumerated() {
                let place = correction.offset + index - start
                if (0..<count).contains(place) { room[place] = byte }
            }
        }
        position += count
        return count
    }

    /// Moves to `offset`, counted as `whence` says (SEEK_SET, SEEK_CUR or SEEK_END); returns the new position, -1 where
    /// there is none.
    func seek(to offset: Int, whence: CInt) -> Int {
        let origin = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : count
        let (sum, overflow) = origin.addingReportingOverflow(offset)
        guard !overflow, sum >= 0 else { return -1 }
        position = min(sum, count)
        return position
    }

    /// The view behind the pointer that a callback is given.
    static func from(_ pointer: UnsafeMutableRawPointer?) -> FileView {
        Unmanaged<FileView>.fromOpaque(pointer!).takeUnretainedValue()
    }
}
