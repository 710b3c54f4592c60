import Checkpoints
import Foundation
import Testing

private func write(step: Int, in folder: CheckpointFolder) throws {
    let entry = TensorEntry(name: "a", shape: [1])
    try SafetensorsWriter.write(
        to: folder.path(forStep: step), tensors: [entry], metadata: ["step": "\(step)"]
    ) { _, sink in
        try withUnsafeBytes(of: Float(step)) { try sink($0) }
    }
}

@Test func checkpointsAreListedByStepAndOtherFilesAreNot() throws {
    let temporary = try TemporaryFolder()
    let folder = try CheckpointFolder(path: temporary.file("run/checkpoints"))
    #expect(try folder.checkpoints() == [])
    for step in [10, 2, 1_000_000] { try write(step: step, in: folder) }
    for name in ["step-12.safetensors", "step-00001x.safetensors", "best.safetensors", "step-000003.txt"] {
        try Data().write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
    }
    #expect(try folder.checkpoints().map(\.step) == [2, 10, 1_000_000])
    #expect(folder.path(forStep: 2).hasSuffix("/step-000002.safetensors"))
}

@Test func tornCheckpointsArePassedOverAndReported() throws {
    let temporary = try TemporaryFolder()
    let folder = try CheckpointFolder(path: temporary.path)
    #expect(try folder.newest().file == nil)
    for step in 1...4 { try write(step: step, in: folder) }
    var bytes = try contents(folder.path(forStep: 3))
    bytes[bytes.count - 1] ^= 1
    _ = try temporary.write(bytes, to: "step-000003.safetensors")
    _ = try temporary.write(Array(bytes.dropLast()), to: "step-000004.safetensors")

    let (file, refused) = try folder.newest()
    #expect(file?.metadata["step"] == "2")
    #expect(refused.map(\.path) == [4, 3].map { folder.path(forStep: $0) })
    #expect(refused.map(\.kind) == [.damaged, .damaged])
}

@Test func pruningKeepsTheLastAndClearsWhatKilledWritersLeft() throws {
    let temporary = try TemporaryFolder()
    let folder = try CheckpointFolder(path: temporary.path)
    for step in 1...5 { try write(step: step, in: folder) }
    _ = try temporary.write([1], to: "step-000006.safetensors.123.partial")
    _ = try temporary.write([1], to: "notes.txt")
    try folder.prune(keeping: 2)
    #expect(try temporary.names == ["notes.txt", "step-000004.safetensors", "step-000005.safetensors"])
    try folder.prune(keeping: 2)
    #expect(try temporary.names.count == 3)
}

@Test func aFolderThatCannotBeMadeIsNamed() throws {
    let error = try #require(throws: CheckpointError.self) { _ = try CheckpointFolder(path: "/dev/null/checkpoints") }
    #expect(error.description.hasPrefix("/dev/null/checkpoints: "))
}
