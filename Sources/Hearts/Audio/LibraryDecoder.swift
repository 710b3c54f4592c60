internal import CSndfile
import Glibc

/// libsndfile's decoder.
final class LibraryDecoder: SoundDecoder {
    private let file: OpaquePointer
    private let info: SF_INFO
    /// Outlives the file, whose callbacks read it.
    private let view: FileView

    /// Nil for what libsndfile does not read.
    init?(_ view: FileView) {
        var callbacks = SF_VIRTUAL_IO(
            get_filelen: { sf_count_t(FileView.from($0).count) },
            seek: { sf_count_t(FileView.from($2).seek(to: Int($0), whence: $1)) },
            read: { bytes, count, view in
                guard let bytes, count > 0 else { return 0 }
                return sf_count_t(FileView.from(view).read(into: .init(start: bytes, count: Int(count))))
            },
            write: { _, _, _ in 0 },
            tell: { sf_count_t(FileView.from($0).position) })
        var info = SF_INFO()
        let pointer = Unmanaged.passUnretained(view).toOpaque()
        guard let file = sf_open_virtual(&callbacks, CInt(SFM_READ), &info, pointer) else { return nil }
        (self.file, self.info, self.view) = (file, info, view)
    }

    deinit { sf_close(file) }

    var sampleRate: Int { Int(info.samplerate) }
    var channels: Int { Int(info.channels) }
    var frames: Int? { info.frames == Int64.max ? nil : Int(info.frames) }
    var hasFailed: Bool { sf_error(file) != 0 }

    func read(into room: inout [Float]) -> Int {
        max(0, Int(sf_readf_float(file, &room, sf_count_t(room.count / channels))))
    }
}
