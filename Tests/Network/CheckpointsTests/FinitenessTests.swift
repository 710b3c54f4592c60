import Checkpoints
import Foundation
import Testing

/// A file of a small and a large float32 tensor, and of bytes that would be NaN if they were floats.
private func write(_ large: [Float], to path: String) throws {
    let small: [Float] = [.greatestFiniteMagnitude, -.leastNonzeroMagnitude, 0]
    let values: [String: [Float]] = ["small": small, "large": large]
    let entries = values.sorted { $0.key < $1.key }.map { TensorEntry(name: $0.key, shape: [$0.value.count]) }
    let others = TensorEntry(name: "others", shape: [2], dataType: .int32)
    try SafetensorsWriter.write(to: path, tensors: entries + [others]) { entry, sink in
        if entry == others { return try [Int32(-1), -1].withUnsafeBytes { try sink($0) } }
        try values[entry.name]!.withUnsafeBytes { try sink($0) }
    }
}

private let count = 1 << 18 + 5

@Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN], [0, 1 << 18 - 1, 1 << 18, count - 1])
func aTensorWithANumberThatIsNotFiniteIsNamed(value: Float, place: Int) throws {
    let folder = try TemporaryFolder()
    var floats = [Float](repeating: 1, count: count)
    try write(floats, to: folder.file("good"))
    try SafetensorsFile(path: folder.file("good")).checkFinite()
    floats[place] = value
    try write(floats, to: folder.file("bad"))
    let file = try SafetensorsFile(path: folder.file("bad"))
    let error = try #require(throws: CheckpointError.self) { try file.checkFinite() }
    #expect(error.kind == .notFinite)
    #expect(error.description.hasPrefix(folder.file("bad")) && error.description.contains("\"large\""))
    try file.checkFinite(["small"])
    #expect(throws: CheckpointError.self) { try file.checkFinite(["large"]) }
}

/// The tensors of a file as another program writes them: with its metadata, in another order, unaligned.
private func saveAgain(_ path: String, as other: String, order: [String]) throws {
    let file = try SafetensorsFile(path: path)
    var header: [String: Any] = ["__metadata__": file.metadata]
    var data: [UInt8] = []
    for name in order {
        let entry = try #require(file.entry(named: name))
        let start = data.count
        data += try file.withBytes(of: name) { Array($0) }
        header[name] = ["dtype": entry.dataType.rawValue, "shape": entry.shape, "data_offsets": [start, data.count]]
    }
    let text = try Array(JSONSerialization.data(withJSONObject: header))
    let bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
    try Data(bytes).write(to: URL(fileURLWithPath: other))
}

@Test func aFileThatAnotherProgramSavedAgainIsVerifiedByItsDataInTheirFirstOrder() throws {
    let folder = try TemporaryFolder()
    let (own, again) = (folder.file("own"), folder.file("again"))
    try write([1, 2, 3, 4], to: own)
    #expect(try !SafetensorsFile(path: own).isSavedAgain)
    let order = ["large", "small", "others"]
    try saveAgain(own, as: again, order: ["others", "large", "small"])
    let file = try SafetensorsFile(path: again)
    #expect(file.isSavedAgain)
    try file.verify(dataOf: order)
    let error = try #require(throws: CheckpointError.self) { try file.verify() }
    #expect(error.kind == .damaged && error.reason.contains("save it without metadata"))
    for wrong in [["small", "large", "others"], ["large", "small"]] {
        #expect(throws: CheckpointError.self) { try file.verify(dataOf: wrong) }
    }
    var bytes = try contents(again)
    bytes[bytes.count - 1] ^= 1
    let changed = try SafetensorsFile(path: folder.write(bytes))
    let fault = try #require(throws: CheckpointError.self) { try changed.verify(dataOf: order) }
    #expect(fault.reason.contains("save it without metadata"))
}

@Test func aFileOfAnotherProgramWithoutDigestsIsNotTakenForOneOfOurs() throws {
    #expect(try !SafetensorsFile(path: golden("foreign.safetensors")).isSavedAgain)
}

@Test func checkpointsThatAreNotFiniteArePassedOverAndReported() throws {
    let temporary = try TemporaryFolder()
    let folder = try CheckpointFolder(path: temporary.path)
    for (step, value) in [(1, 1), (2, Float.nan), (3, .infinity)] { try write([value], to: folder.path(forStep: step)) }
    let (file, refused) = try folder.newest()
    #expect(file?.path == folder.path(forStep: 1))
    #expect(refused.map(\.path) == [3, 2].map { folder.path(forStep: $0) })
    #expect(refused.map(\.kind) == [.notFinite, .notFinite])
}
