import Checkpoints
import Digests
import Foundation
import Testing

/// What `scripts/golden/checkpoints.py` says of the file that the Python package wrote.
private struct Contents: Decodable {
    struct Tensor: Decodable {
        let name: String
        let dtype: String
        let shape: [Int]
        let sha256: String
    }

    let metadata: [String: String]
    let parameterDigest: String
    let tensors: [Tensor]

    init() throws {
        self = try JSONDecoder().decode(
            Contents.self, from: Data(contentsOf: URL(fileURLWithPath: golden("foreign.json"))))
    }
}

@Test func aFileOfThePythonPackageIsReadInFull() throws {
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    let expected = try Contents()
    #expect(file.metadata == expected.metadata)
    #expect(file.tensors.count == expected.tensors.count)
    for tensor in expected.tensors {
        let entry = try #require(file.entry(named: tensor.name))
        #expect(entry.dataType.rawValue == tensor.dtype)
        #expect(entry.shape == tensor.shape)
        #expect(try file.withBytes(of: tensor.name) { SHA256.digest(of: $0) } == tensor.sha256)
    }
}

@Test func theParameterDigestIsTheOneThatPythonComputes() throws {
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    #expect(try ParameterDigest.digest(of: file) == Contents().parameterDigest)
}

@Test func elementsHaveTheirValues() throws {
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    let odd = try file.array(of: "encoder.1.conv10.bias", as: Float.self)
    #expect(odd.map(\.bitPattern) == [Float.infinity, -0.0, Float.leastNonzeroMagnitude].map(\.bitPattern))
    #expect(try file.array(of: "labels", as: Int32.self) == [1, 0, -7])
    #expect(try file.array(of: "cursor", as: Int64.self) == [9_007_199_254_740_993, -1])
    #expect(try file.array(of: "bytes", as: UInt8.self) == [0, 1, 2, 3, 4])
    #expect(try file.array(of: "scalar", as: Float.self) == [2.5])
    #expect(try file.array(of: "empty", as: Float.self) == [])
}

@Test func aRangeOfRowsIsCopied() throws {
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    let whole = try file.array(of: "encoder.1.conv1.kernel", as: Float.self)
    var rows = [Float](repeating: 0, count: 16)
    try rows.withUnsafeMutableBufferPointer { try file.copy("encoder.1.conv1.kernel", range: 8..<24, into: $0) }
    #expect(rows == Array(whole[8..<24]))
}

@Test func blocksPutTogetherAreTheTensorOrARangeOfIt() throws {
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    func blocks(of name: String, range: Range<Int>? = nil) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try file.forEachBlock(of: name, range: range) { bytes += $0 }
        return bytes
    }
    for tensor in file.tensors {
        let whole = try file.withBytes(of: tensor.name) { Array($0) }
        #expect(try blocks(of: tensor.name) == whole)
    }
    #expect(try blocks(of: "bytes", range: 1..<4) == [1, 2, 3])
    #expect(try blocks(of: "bytes", range: 5..<5) == [])
    for range in [-1..<2, 4..<6] {
        let error = try #require(throws: CheckpointError.self) { try blocks(of: "bytes", range: range) }
        #expect(error.reason.contains("has 5 bytes, those at \(range) were expected"))
    }
}

@Test func anErrorAmongTheBlocksEndsThem() throws {
    struct Enough: Error {}
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    #expect(throws: Enough.self) { try file.forEachBlock(of: "bytes") { _ in throw Enough() } }
    #expect(try file.array(of: "bytes", as: UInt8.self) == [0, 1, 2, 3, 4])
}

@Test func askingForWhatIsNotThereIsAnErrorThatNamesIt() throws {
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    func reason(_ body: () throws -> Void) throws -> String {
        let error = try #require(throws: CheckpointError.self, performing: body)
        #expect(error.kind == .mismatch)
        return error.description
    }
    var five = [Float](repeating: 0, count: 5)
    #expect(try reason { _ = try file.array(of: "nothing", as: Float.self) }.contains("no tensor \"nothing\""))
    #expect(try reason { _ = try file.array(of: "labels", as: Float.self) }.contains("holds I32, F32 was expected"))
    #expect(
        try reason { try five.withUnsafeMutableBufferPointer { try file.copy("encoder.1.conv1.bias", into: $0) } }
            .contains("has 4 elements, 5 were expected"))
    #expect(
        try reason {
            try five.withUnsafeMutableBufferPointer { try file.copy("encoder.1.conv1.bias", range: 2..<7, into: $0) }
        }.contains("has 4 elements, 5 were expected at 2"))
}
