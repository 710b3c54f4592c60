import Files
import Glibc

/// A file's contents as memory.
///
/// Pages that were touched count as memory of the process until they are given back; the system keeps them in its cache
/// all the same. Whoever reads much reads it by `forEachBlock`.
///
/// `@unchecked Sendable`: the mapping is read-only and stays in place until `deinit`.
final class FileMapping: @unchecked Sendable {
    /// How much of a file `forEachBlock` holds at once, in bytes.
    static let blockByteCount = 16 << 20

    let bytes: UnsafeRawBufferPointer

    init(path: String) throws(CheckpointError) {
        let file: RegularFile
        do throws(FileError) {
            file = try RegularFile(path)
        } catch {
            throw CheckpointError(.system, path, "\(error.problem); \(error.remedy)")
        }
        guard file.size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let start = mmap(nil, file.size, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
        guard let start, start != MAP_FAILED else { throw .system("mmap", path) }
        bytes = UnsafeRawBufferPointer(start: start, count: file.size)
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }

    /// Calls `body` with the bytes of `range`, block by block in order, and gives each block's pages back behind it.
    ///
    /// The system is not told what comes next: it reads ahead by itself, asking for the next block gained nothing, and
    /// MADV_SEQUENTIAL made files that are not in the system's cache ten times slower.
    func forEachBlock<Failure: Error>(
        of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var start = range.lowerBound
        while start < range.upperBound {
            // Blocks end where pages end, so that no page stays behind between two of them.
            let boundary = (start / Self.blockByteCount + 1) * Self.blockByteCount
            let block = start..<min(boundary, range.upperBound)
            defer { discard(block) }
            try body(UnsafeRawBufferPointer(rebasing: bytes[block]))
            start = block.upperBound
        }
    }

    /// Gives back the memory of the pages that lie within `range`. Whoever reads them again, or is reading them now,
    /// finds the same bytes, since nobody can write to the mapping.
    private func discard(_ range: Range<Int>) {
        let page = Int(sysconf(CInt(_SC_PAGESIZE)))
        let start = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound == bytes.count ? range.upperBound : range.upperBound / page * page
        guard start < end, let base = bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
    }
}
