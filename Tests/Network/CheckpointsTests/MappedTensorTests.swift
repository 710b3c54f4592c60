import Checkpoints
import Foundation
import Testing

/// A file with a tensor of bytes before one of floats.
private func write(byteCount: Int, floats: [Float], to path: String) throws {
    let entries = [
        TensorEntry(name: "bytes", shape: [byteCount], dataType: .uint8),
        TensorEntry(name: "floats", shape: [floats.count]),
    ]
    try SafetensorsWriter.write(to: path, tensors: entries) { entry, sink in
        if entry.name == "floats" {
            try floats.withUnsafeBytes { try sink($0) }
        } else {
            try [UInt8](repeating: 9, count: byteCount).withUnsafeBytes { try sink($0) }
        }
    }
}

@Test func floatsInPlaceOutliveTheFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("x.safetensors")
    let floats = (0..<10_000).map { Float($0) }
    try write(byteCount: 8, floats: floats, to: path)
    let tensor = try #require(try SafetensorsFile(path: path).tensorInPlace("floats"))
    try FileManager.default.removeItem(atPath: path)
    #expect(tensor.count == floats.count)
    #expect(Array(tensor.floats) == floats)
    #expect(Array(tensor.floats) == floats)
}

@Test(arguments: [(0, true), (4, true), (8, true), (1, false), (2, false), (7, false)])
func onlyAlignedFloatsAreReadInPlace(byteCount: Int, isInPlace: Bool) throws {
    let folder = try TemporaryFolder()
    try write(byteCount: byteCount, floats: [1, 2], to: folder.file("x.safetensors"))
    let file = try SafetensorsFile(path: folder.file("x.safetensors"))
    let tensor = try file.tensorInPlace("floats")
    #expect(tensor.map { Array($0.floats) } == (isInPlace ? [1, 2] : nil))
    #expect(try file.tensorInPlace("bytes") == nil)
}

@Test func floatsThatAreNotThereAreNamed() throws {
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    let error = try #require(throws: CheckpointError.self) { try file.tensorInPlace("nothing") }
    #expect(error.reason.contains("no tensor \"nothing\""))
    let empty = try #require(try file.tensorInPlace("empty"))
    #expect(empty.floats.isEmpty)
}
