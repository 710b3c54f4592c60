import Foundation
import Testing

@testable import Files

@Test func whatCannotBeSynchronizedIsNoFailure() throws {
    var ends: [CInt] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    // The system says EINVAL of a pipe, as file systems without it do.
    #expect(fsync(ends[0]) != 0 && errno == EINVAL)
    #expect(AtomicFile.synchronize(ends[0]))
}

/// A folder that is removed with the value.
private final class Folder {
    let path = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID())").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Test func aFolderThatMayBeWrittenToButNotReadTakesFiles() throws {
    let folder = try Folder()
    chmod(folder.path, 0o300)
    defer { chmod(folder.path, 0o700) }
    var file = try AtomicFile(path: "\(folder.path)/a")
    try file.write([1])
    try file.commit()
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/a")) == Data([1]))
}

@Test func whatAKilledWriterLeftOfARunsFilesIsSweptAndNothingElse() throws {
    let folder = try Folder()
    let left = RunFile.allCases.map { "\($0.rawValue).4711.partial" }
    let others = ["final.safetensors", "notes.partial", "my.config.json.1.partial", "final.safetensors.1.partial.bak"]
    for name in left + others { try Data().write(to: URL(fileURLWithPath: "\(folder.path)/\(name)")) }
    RunFolder(folder.path).sweep()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == others.sorted())
}

@Test func aRunsFilesAreWholeAndItsPlotsHaveAFolder() throws {
    let folder = try Folder()
    let run = RunFolder(folder.path)
    try run.write("a", to: .report)
    try run.write("b", toPlot: "roc.svg")
    #expect(run.has(.report) && !run.has(.metrics))
    #expect(try String(contentsOfFile: run.path(.report), encoding: .utf8) == "a")
    #expect(try String(contentsOfFile: run.path(.plots) + "/roc.svg", encoding: .utf8) == "b")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["plots", "report.html"])
}

@Test func whatCannotBeWrittenIsNamedAsItWouldBeCalled() throws {
    let error = try #require(throws: FileError.self) { try RunFolder("/proc/nowhere").write("a", to: .history) }
    #expect(error.description.hasPrefix("/proc/nowhere/history.csv: open: "))
}
