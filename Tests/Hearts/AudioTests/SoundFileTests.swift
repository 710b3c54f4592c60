internal import CSndfile
import Foundation
import Testing

@testable import Audio

@Suite(.timeLimit(.minutes(1))) struct SoundFileTests {
    let folder = try! TemporaryFolder()

    private func write(_ bytes: [UInt8], _ name: String = "a.wav") throws -> String {
        let path = "\(folder.path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private static let samples = (0..<300).map { Int16($0 * 100) }
    private static let size = UInt32(2 * samples.count)

    /// Of a file of 600 bytes of samples: what is changed, and how many bytes of them are missing.
    static let lengths: [(name: String, missing: Int, change: @Sendable (inout WaveBytes) -> Void)] = [
        ("right", 0, { _ in }),
        ("ffmpeg's pipe", 0, { ($0.dataSize, $0.riffSize) = (0xFFFF_FFFF, 0xFFFF_FFFF) }),
        (
            "a pipe with a list", 0,
            { wave in
                wave.between = WaveBytes.chunk("LIST", Array("INFOISFT\u{2}\0\0\0ab".utf8))
                wave.dataSize = 0xFFFF_FFFF
            }
        ),
        ("SoX' pipe", 0, { ($0.dataSize, $0.riffSize) = (0x7FFF_F000, 0x7FFF_F024) }),
        ("SoX' pipe of blocks of 6 bytes", 0, { $0.dataSize = 0x7FFF_EFFC }),
        ("opusdec's pipe", 0, { ($0.dataSize, $0.riffSize) = (0x7FFF_FFFF, 0x7FFF_FFFF) }),
        ("arecord's pipe", 0, { ($0.dataSize, $0.riffSize) = (0x8000_0000, 0x8000_0024) }),
        ("the greatest total, less the header", 0, { ($0.dataSize, $0.riffSize) = (0xFFFF_FFDB, 0xFFFF_FFFF) }),
        ("nothing promised", 0, { ($0.dataSize, $0.riffSize) = (0, 0) }),
        ("nothing promised but the header", 0, { ($0.dataSize, $0.riffSize) = (0, 36) }),
        (
            "nothing promised behind filling", 0,
            { wave in
                wave.between = WaveBytes.chunk("FLLR", [UInt8](repeating: 0, count: 4044))
                (wave.dataSize, wave.riffSize) = (0, 4088)
            }
        ),
        ("a total that is too large", 0, { $0.riffSize = 644 }),
        ("a total that is too small", 0, { $0.riffSize = 8 }),
        ("half a sample more", 0, { ($0.dataSize, $0.behind) = (size + 1, [1]) }),
        ("half a sample promised", 0, { $0.dataSize = size + 1 }),
        ("a list behind", 0, { $0.behind = WaveBytes.chunk("LIST", Array("INFO".utf8)) }),
        ("garbage behind", 0, { $0.behind = [UInt8](repeating: 9, count: 100) }),
        ("an odd chunk with padding", 0, { $0.between = WaveBytes.chunk("note", [1, 2, 3]) + [0] }),
        ("cut off", 1000, { ($0.dataSize, $0.riffSize) = (size + 1000, size + 1036) }),
        ("cut off, with a total of nothing", 16, { ($0.dataSize, $0.riffSize) = (size + 16, 0) }),
    ]

    @Test(arguments: lengths.indices) func allSoundThatIsThereIsUsed(index: Int) throws {
        let (name, missing, change) = Self.lengths[index]
        var wave = WaveBytes(Self.samples)
        change(&wave)
        let path = try write(wave.bytes)
        let sound = try Sound(contentsOf: path)
        #expect(sound.quantized == Self.samples, "\(name)")
        #expect(Sound.missingBytes(inFileAt: path) == missing, "\(name)")
    }

    @Test func anEmptyRecordingBeforeOtherChunksStaysEmpty() throws {
        var wave = WaveBytes([])
        wave.behind = WaveBytes.chunk("LIST", Array("INFOISFT\u{4}\0\0\0abcd".utf8))
        let path = try write(wave.bytes)
        let error = #expect(throws: AudioError.self) { try Sound(contentsOf: path) }
        #expect(error?.problem == "the recording is empty")
    }

    /// The 64-bit length of an RF64 file may be a placeholder, too.
    @Test(arguments: [(600, 0), (0, 0), (UInt64.max, 0), (1600, 1000)] as [(UInt64, Int)])
    func aLengthOf64BitsIsReadAsTheOthers(promised: UInt64, missing: Int) throws {
        let words = [promised &+ 72, promised, 300].flatMap {
            WaveBytes.word(UInt32(truncatingIfNeeded: $0)) + WaveBytes.word(UInt32($0 >> 32))
        }
        var wave = WaveBytes(Self.samples)
        (wave.form, wave.riffSize, wave.dataSize) = ("RF64", 0xFFFF_FFFF, 0xFFFF_FFFF)
        var bytes = wave.bytes
        bytes.insert(contentsOf: WaveBytes.chunk("ds64", words + [0, 0, 0, 0]), at: 12)
        let path = try write(bytes)
        #expect(try Sound(contentsOf: path).quantized == Self.samples)
        #expect(Sound.missingBytes(inFileAt: path) == missing)
    }

    @Test(arguments: [("aiff", 18), ("caf", 100)]) func otherFilesOfChunksAreMissedTheirEnd(ending: String, cut: Int)
        throws
    {
        let path = try write([], "whole.\(ending)")
        try Self.write(ending == "caf" ? SF_FORMAT_CAF : SF_FORMAT_AIFF, SF_FORMAT_PCM_16, to: path)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let short = try write(Array(bytes.dropLast(cut)), "cut.\(ending)")
        #expect(Sound.missingBytes(inFileAt: path) == 0)
        #expect(Sound.missingBytes(inFileAt: short) == cut)
        #expect(try Sound(contentsOf: short).samples.count == 16_000 - cut / 2)
    }

    @Test func aFLACThatDoesNotSayItsLengthIsReadToItsEnd() throws {
        let whole = Golden.folder.appendingPathComponent("stereo4k.flac")
        var bytes = [UInt8](try Data(contentsOf: whole))
        bytes[21] &= 0xF0
        bytes.replaceSubrange(22..<26, with: [0, 0, 0, 0])
        #expect(try Sound(contentsOf: write(bytes, "pipe.flac")) == Sound(contentsOf: whole.path))
    }

    static let foreign: [(name: String, bytes: [UInt8], words: String)] = {
        func changed(_ change: (inout WaveBytes) -> Void) -> [UInt8] {
            var wave = WaveBytes(samples)
            change(&wave)
            return wave.bytes
        }
        let whole = WaveBytes(samples).bytes
        return [
            ("empty", [], "the file is empty"), ("one byte", [0x52], "no sound, but a text file"),
            ("zeros", [UInt8](repeating: 0, count: 9000), "nothing but zeros; copy or download it again"),
            (
                "pointer", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n".utf8),
                "no sound, but a git-lfs pointer, not the file itself; run git lfs pull"
            ),
            ("page", Array("<!DOCTYPE html><html>".utf8), "no sound, but a web page"),
            (
                "m4a", [0, 0, 0, 0x20] + Array("ftypM4A \0\0\0\0".utf8),
                "an MP4 (M4A) file, which is not read; convert it"
            ),
            ("picture", [0xFF, 0xD8, 0xFF, 0xE0], "a JPEG picture; give it the ending .jpg"),
            ("header", Array(whole.prefix(30)), "a WAV sound that was cut off in its header"),
            ("header alone", Array(whole.prefix(44)), "cut off: all 600 bytes of sound are missing"),
            ("no data", changed { $0.hasData = false }, "a WAV sound without samples"),
            ("no format", changed { $0.hasFormat = false }, "a WAV sound without its format in front"),
            ("no channels", changed { $0.channels = 0 }, "a WAV sound of 0 channels at 2000 Hz"),
            ("no rate", changed { $0.rate = .max }, "a WAV sound of 1 channels at 4294967295 Hz"),
            (
                "12 bits", changed { ($0.bits, $0.format) = (12, 0x77) },
                "of format 0x77 with 12 bits, which is not read"
            ),
            ("no MP3", changed { $0.format = 0x55 }, "an MP3 sound that is damaged"),
            ("flac", Array("fLaC".utf8) + [1, 2, 3], "a FLAC sound that is damaged"),
        ]
    }()

    @Test(arguments: foreign.indices) func whatIsNoSoundIsCalledWhatItIs(index: Int) throws {
        let (name, bytes, words) = Self.foreign[index]
        let path = try write(bytes)
        let error = #expect(throws: AudioError.self, "\(name)") { try Sound(contentsOf: path) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix(path + ": ") && text.contains(words) && !text.contains("\n"), "\(text)")
    }

    @Test func aPipeIsRefusedWithoutWaitingForIt() throws {
        let path = folder.path + "/pipe.wav"
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: AudioError.self) { try Sound(contentsOf: path) }
        #expect(error?.problem == "not a regular file (a named pipe)")
        #expect(throws: AudioError.self) { try Sound.channels(inFileAt: path) }
        #expect(Sound.missingBytes(inFileAt: path) == 0)
    }

    /// The greatest that are read are whole numbers of 32 bits.
    @Test(arguments: [0x1p31, -0x1p32, 32768, 1e-40] as [Float]) func greatSamplesAreRead(sample: Float) throws {
        let path = try write(WaveBytes(floats: [0, sample, 0]).bytes)
        #expect(try Sound(contentsOf: path).samples == [0, sample, 0])
    }

    @Test(
        arguments: [
            (1e20, "a sample is 1e+20 times full scale"), (-3e38, "a sample is -3e+38 times"), (.nan, "not numbers"),
            (.infinity, "infinite"),
        ] as [(Float, String)])
    func absurdSamplesAreRefused(sample: Float, words: String) throws {
        var wave = WaveBytes(floats: [0, sample, 0, -sample])
        for channels in [1, 2] as [UInt32] {
            wave.channels = channels
            let path = try write(wave.bytes)
            let error = #expect(throws: AudioError.self) { try Sound(contentsOf: path) }
            #expect(error?.problem.contains(words) == true, "\(error?.problem ?? "")")
        }
    }

    static let endings: [String: (Int, Int)] = [
        "wav": (SF_FORMAT_WAV, SF_FORMAT_PCM_16), "wave": (SF_FORMAT_WAVEX, SF_FORMAT_PCM_24),
        "flac": (SF_FORMAT_FLAC, SF_FORMAT_PCM_16), "mp3": (SF_FORMAT_MPEG, SF_FORMAT_MPEG_LAYER_III),
        "ogg": (SF_FORMAT_OGG, SF_FORMAT_VORBIS), "oga": (SF_FORMAT_OGG, SF_FORMAT_VORBIS),
        "opus": (SF_FORMAT_OGG, SF_FORMAT_OPUS), "aif": (SF_FORMAT_AIFF, SF_FORMAT_PCM_16),
        "aiff": (SF_FORMAT_AIFF, SF_FORMAT_PCM_24), "aifc": (SF_FORMAT_AIFF, SF_FORMAT_FLOAT),
        "au": (SF_FORMAT_AU, SF_FORMAT_PCM_16), "snd": (SF_FORMAT_AU, SF_FORMAT_ULAW),
        "caf": (SF_FORMAT_CAF, SF_FORMAT_PCM_16), "w64": (SF_FORMAT_W64, SF_FORMAT_PCM_16),
        "rf64": (SF_FORMAT_RF64, SF_FORMAT_PCM_16),
    ].mapValues { (Int($0.0), Int($0.1)) }

    @Test(arguments: Sound.fileEndings) func soundsOfEveryEndingAreRead(ending: String) throws {
        let (container, coding) = try #require(Self.endings[ending])
        let path = "\(folder.path)/a.\(ending)"
        try Self.write(container, coding, to: path)
        let sound = try Sound(contentsOf: path)
        #expect(sound.sampleRate == 16_000)
        #expect(try Sound.channels(inFileAt: path) == 1)
        #expect(abs(sound.samples.count - 16_000) <= 2)
        // The one tone is there, in place.
        let product = zip(sound.samples, Self.tone).reduce(0) { $0 + $1.0 * $1.1 }
        let power = Self.tone.reduce(0) { $0 + $1 * $1 }
        #expect(abs(product / power - 1) < 0.05, "\(product / power)")
        #expect(Sound.missingBytes(inFileAt: path) == 0)
    }

    private static let tone = (0..<16_000).map { 0.5 * sin(Float($0) * 0.05) }

    private static func write(_ container: Int, _ coding: Int, to path: String) throws {
        var info = SF_INFO()
        (info.samplerate, info.channels, info.format) = (16_000, 1, CInt(container | coding))
        let file = try #require(sf_open(path, CInt(SFM_WRITE), &info))
        #expect(sf_write_float(file, tone, sf_count_t(tone.count)) == sf_count_t(tone.count))
        #expect(sf_close(file) == 0)
    }

    private static func write(_ container: some BinaryInteger, _ coding: some BinaryInteger, to path: String) throws {
        try write(Int(container), Int(coding), to: path)
    }

    @Test func anMP3IsDecodedAsOnEveryProcessor() throws {
        let path = folder.path + "/tone.mp3"
        try Self.write(SF_FORMAT_MPEG, SF_FORMAT_MPEG_LAYER_III, to: path)
        let decoder = try #require(Sound.decoder(ofFileAt: path) as? MP3Decoder)
        #expect(decoder.decoderName == "generic")
    }

    @Test func theLibrariesTellTheirVersions() {
        let versions = SoundLibraries.versions
        #expect(versions.contains(#/^libsndfile-\d.*, libmpg123-.+ \(generic\), on .+$/#), "\(versions)")
    }

    /// An MP3 in a WAV is the MP3.
    @Test func anMP3InAWAVIsRead() throws {
        let path = folder.path + "/plain.mp3"
        try Self.write(SF_FORMAT_MPEG, SF_FORMAT_MPEG_LAYER_III, to: path)
        var wave = WaveBytes([])
        (wave.format, wave.bits, wave.data) = (0x55, 0, [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
        #expect(try Sound(contentsOf: write(wave.bytes)) == Sound(contentsOf: path))
    }
}
