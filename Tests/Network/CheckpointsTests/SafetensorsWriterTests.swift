import Checkpoints
import Failures
import Files
import Foundation
import Testing

private let entries = [
    TensorEntry(name: "a.kernel", shape: [2, 3]),
    TensorEntry(name: "a.labels", shape: [2], dataType: .int32),
    TensorEntry(name: "odd \"name\"\n", shape: [3], dataType: .uint8),
]
private let metadata = ["step": "7", "text": "\u{1}\\♥"]

/// The little-endian bytes of all the tensors.
private let data: [UInt8] = {
    let kernel: [Float] = [0, 0.25, 0.5, 0.75, 1, 1.25]
    let labels: [Int32] = [3, -1]
    return kernel.withUnsafeBytes { Array($0) } + labels.withUnsafeBytes { Array($0) } + [1, 2, 3]
}()

private func write(to path: String, blockLength: Int) throws {
    var writer = try SafetensorsWriter(path: path, tensors: entries, metadata: metadata)
    for start in stride(from: 0, to: data.count, by: blockLength) {
        try data[start..<min(start + blockLength, data.count)].withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
}

@Test(arguments: [1, 7, 1000]) func theFileHasTheBytesThatPythonPutTogether(blockLength: Int) throws {
    let folder = try TemporaryFolder()
    try write(to: folder.file("own.safetensors"), blockLength: blockLength)
    #expect(try contents(folder.file("own.safetensors")) == contents(golden("own.safetensors")))
    #expect(try folder.names == ["own.safetensors"])
}

@Test func whatWasWrittenTensorByTensorIsReadAndVerified() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("step.safetensors")
    try SafetensorsWriter.write(to: path, tensors: entries, metadata: metadata) { entry, sink in
        let start = entries.prefix { $0 != entry }.reduce(0) { $0 + $1.byteCount }
        try data[start..<start + entry.byteCount].withUnsafeBytes { try sink($0) }
    }
    let file = try SafetensorsFile(path: path)
    try file.verify()
    #expect(file.tensors == entries)
    #expect(file.metadata.filter { !$0.key.hasSuffix("sha256") } == metadata)
    #expect(try file.array(of: "a.kernel", as: Float.self) == [0, 0.25, 0.5, 0.75, 1, 1.25])
}

@Test func anUnfinishedFileLeavesTheOldOneAndNothingElse() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3])
    do {
        var writer = try SafetensorsWriter(path: path, tensors: entries)
        try data.withUnsafeBytes { try writer.write(UnsafeRawBufferPointer(rebasing: $0[..<9])) }
        #expect(try folder.names.count == 2)
    }
    #expect(try folder.names == ["x.safetensors"])
    #expect(try contents(path) == [1, 2, 3])
}

@Test func aFolderThatDoesNotExistIsNamed() throws {
    let error = try #require(throws: FileError.self) {
        _ = try SafetensorsWriter(path: "/nowhere/step.safetensors", tensors: entries)
    }
    #expect(error.exitStatus == .inputOutput)
    #expect(error.description.hasPrefix("/nowhere/step.safetensors"))
}

private let hasPackage: Bool = {
    let python = Process()
    python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    python.arguments = ["python3", "-c", "import safetensors, numpy"]
    python.standardError = FileHandle.nullDevice
    try? python.run()
    python.waitUntilExit()
    return python.terminationStatus == 0
}()

@Test(.enabled(if: hasPackage, "python3 has no safetensors package: the golden bytes stand in for it"))
func thePythonPackageReadsOurFile() throws {
    let folder = try TemporaryFolder()
    try write(to: folder.file("own.safetensors"), blockLength: 5)
    let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("scripts/check-safetensors").path
    let python = Process()
    python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    python.arguments = ["python3", script, folder.file("own.safetensors")]
    let output = Pipe()
    python.standardOutput = output
    try python.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let lines = text.split(separator: "\n")
    python.waitUntilExit()
    #expect(python.terminationStatus == 0)
    #expect(lines.count == 3)
    #expect(lines.first?.hasPrefix(#"["a.kernel", "F32", [2, 3], "b1290cd43eac8e2f"#) == true)
}
