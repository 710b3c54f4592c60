import Checkpoints
import Randomness
import Testing

/// A file with `header` and `dataCount` bytes of data.
private func file(_ header: String, dataCount: Int, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array(header.utf8)
        + [UInt8](repeating: 1, count: dataCount)
}

/// Opens and verifies `bytes`, and answers the reason of the refusal, or nil if there is none.
private func refusal(of bytes: [UInt8], in folder: TemporaryFolder) throws -> CheckpointError? {
    let path = try folder.write(bytes)
    do throws(CheckpointError) {
        let file = try SafetensorsFile(path: path)
        try file.verify()
        return nil
    } catch {
        return error
    }
}

private let own = golden("own.safetensors")

@Test func aSoundFileIsNotRefused() throws {
    #expect(try refusal(of: contents(own), in: TemporaryFolder()) == nil)
}

@Test func aFileCutOffAnywhereIsRefused() throws {
    let folder = try TemporaryFolder()
    let whole = try contents(own)
    for count in 0..<whole.count {
        let error = try #require(try refusal(of: Array(whole[..<count]), in: folder))
        #expect(error.kind == (count < 8 ? .malformed : .damaged))
    }
}

@Test func aFileThatGrewIsRefused() throws {
    let error = try refusal(of: contents(own) + [0], in: TemporaryFolder())
    #expect(error?.reason.contains("something was added") == true)
}

@Test func everyFlippedBitIsFound() throws {
    let folder = try TemporaryFolder()
    let whole = try contents(own)
    for bit in 0..<whole.count * 8 {
        var bytes = whole
        bytes[bit / 8] ^= 1 << (bit % 8)
        if try refusal(of: bytes, in: folder) == nil { Issue.record("bit \(bit) was flipped and not found") }
    }
}

/// Flips, overwrites, inserts, removes and repeats bytes at random: whatever comes out is refused, none traps.
@Test(arguments: ["own.safetensors", "foreign.safetensors"])
func mutationsNeverCrashTheReader(name: String) throws {
    let folder = try TemporaryFolder()
    let whole = try contents(golden(name))
    var random = CounterGenerator(seed: 20, purpose: .probe).stream()
    var openedCount = 0
    for _ in 0..<3000 {
        var bytes = whole
        for _ in 0...random.below(4) {
            let place = random.below(bytes.count)
            let count = min(1 + random.below(8), bytes.count - place)
            switch random.below(6) {
            case 0: bytes[place] ^= 1 << random.below(8)
            case 1: bytes[place] = UInt8(random.below(256))
            case 2: bytes.insert(contentsOf: [UInt8](repeating: UInt8(random.below(256)), count: count), at: place)
            case 3: bytes.removeSubrange(place..<place + count)
            case 4: bytes.insert(contentsOf: bytes[place..<place + count], at: random.below(bytes.count))
            default: bytes[place] = Array("0123456789-{}[]\",:\\eu".utf8)[random.below(21)]
            }
            if bytes.isEmpty { bytes = [0] }
        }
        let path = try folder.write(bytes)
        do throws(CheckpointError) {
            let file = try SafetensorsFile(path: path)
            openedCount += 1
            for tensor in file.tensors {
                try? file.withBytes(of: tensor.name) { #expect($0.count == tensor.byteCount) }
            }
            if bytes != whole { #expect(throws: CheckpointError.self) { try file.verify() } }
        } catch {
            #expect(error.description.hasPrefix(path))
            #expect(!error.reason.contains("\n"))
        }
    }
    // Some mutations only touch values, so both ways were taken.
    #expect(openedCount > 100 && openedCount < 2900)
}

private let tensor = #""dtype":"F32","shape":[2],"data_offsets""#

/// (header, bytes of data, what the reason says)
@Test(arguments: [
    ("", 0, "not a JSON object"),
    ("[]", 0, "not a JSON object"),
    (#"{"a":{\#(tensor):[0,8]},"b":{\#(tensor):[4,12]}}"#, 12, "\"b\" overlaps"),
    (#"{"a":{\#(tensor):[0,8]},"b":{\#(tensor):[0,8]}}"#, 8, "overlaps"),
    (#"{"a":{\#(tensor):[4,12]}}"#, 12, "\"a\" leaves a hole"),
    (#"{"a":{\#(tensor):[0,8]},"b":{\#(tensor):[12,20]}}"#, 20, "\"b\" leaves a hole"),
    (#"{"a":{\#(tensor):[0,8]}}"#, 4, "cut off"),
    (#"{"a":{\#(tensor):[0,8]}}"#, 12, "something was added"),
    (#"{"a":{\#(tensor):[0,4]}}"#, 4, "needs 8 bytes"),
    (#"{"a":{\#(tensor):[8,0]}}"#, 8, "needs 8 bytes"),
    (#"{"a":{\#(tensor):[0,8,16]}}"#, 8, "more than 2 numbers"),
    (#"{"a":{\#(tensor):[-8,0]}}"#, 8, "whole number"),
    (#"{"a":{\#(tensor):[0,8.0]}}"#, 8, "whole number"),
    (#"{"a":{\#(tensor):[0,1e1]}}"#, 8, "whole number"),
    (#"{"a":{\#(tensor):[0,08]}}"#, 8, "whole number"),
    (#"{"a":{\#(tensor):[0,9223372036854775808]}}"#, 8, "whole number"),
    (#"{"a":{\#(tensor):[9223372036854775800,9223372036854775807]}}"#, 8, "needs 8 bytes"),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, 8, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,2,0],"data_offsets":[0,0]}}"#, 0, "impossible shape"),
    (#"{"a":{"dtype":"F128","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown dtype \"F128\""),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "lacks"),
    (#"{"a":{\#(tensor):[0,8],"color":1}}"#, 8, "unexpected \"color\""),
    (#"{"a":{\#(tensor):[0,8],"dtype":"F32"}}"#, 8, "unexpected \"dtype\""),
    (#"{"a":{\#(tensor):[0,8]},"a":{\#(tensor):[8,16]}}"#, 16, "\"a\" stands there twice"),
    (#"{"a":{\#(tensor):[0,8]},"\u0061":{\#(tensor):[8,16]}}"#, 16, "\"a\" stands there twice"),
    (#"{"__metadata__":{"x":"1","x":"2"}}"#, 0, "\"x\" twice"),
    (#"{"__metadata__":{"x":1}}"#, 0, "expected '\"'"),
    (#"{"__metadata__":{}}x"#, 0, "something follows"),
    (#"{"__metadata__":{"#, 0, "expected '\"'"),
    ("{\"__metadata__\":{\"x\":\"\n\"}}", 0, "control character"),
    (#"{"__metadata__":{"x":"\q"}}"#, 0, "unknown escape"),
    (#"{"__metadata__":{"x":"\u12"}}"#, 0, "hexadecimal"),
    (#"{"__metadata__":{"x":"\ud83d"}}"#, 0, "surrogate"),
    (#"{"__metadata__":{"x":"\ude00"}}"#, 0, "surrogate"),
    (#"{"a":{"dtype":"F32","shape":\#(String(repeating: "[", count: 100)),"data_offsets":[0,8]}}"#, 8, "whole number"),
])
func aWrongHeaderIsRefusedWithItsFault(header: String, dataCount: Int, fault: String) throws {
    let error = try #require(try refusal(of: file(header, dataCount: dataCount), in: TemporaryFolder()))
    #expect(error.reason.contains(fault), "\(error)")
}

@Test func aShapeOfTooManyDimensionsIsRefused() throws {
    let shape = [String](repeating: "1", count: 65).joined(separator: ",")
    let header = #"{"a":{"dtype":"F32","shape":[\#(shape)],"data_offsets":[0,4]}}"#
    let error = try #require(try refusal(of: file(header, dataCount: 4), in: TemporaryFolder()))
    #expect(error.reason.contains("more than 64 numbers"))
}

@Test func textThatIsNotUTF8IsRefused() throws {
    var bytes = file(#"{"__metadata__":{"x":"??"}}"#, dataCount: 0)
    bytes[8 + 22] = 0xC3
    let error = try #require(try refusal(of: bytes, in: TemporaryFolder()))
    #expect(error.reason.contains("not valid UTF-8"))
}

@Test(arguments: [100_000_001, 1 << 63, .max] as [UInt64]) func anAbsurdHeaderLengthIsRefused(length: UInt64) throws {
    let error = try #require(try refusal(of: file("{}", dataCount: 0, length: length), in: TemporaryFolder()))
    #expect(error.reason.contains("claims a header of \(length) bytes"))
}

@Test func aSoundFileWithoutDigestsOpensButIsNotVerified() throws {
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    let error = try #require(throws: CheckpointError.self) { try file.verify() }
    #expect(error.reason.contains("carries no digests"))
}

@Test(arguments: [
    ("/nowhere/x.safetensors", "check the path"), ("/dev/zero", "not a regular file"), ("/tmp", "regular"),
])
func aPathThatIsNoFileIsNamed(path: String, fault: String) throws {
    let error = try #require(throws: CheckpointError.self) { _ = try SafetensorsFile(path: path) }
    #expect(error.description.hasPrefix(path))
    #expect(error.description.contains(fault))
}
