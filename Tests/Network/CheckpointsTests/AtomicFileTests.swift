import Checkpoints
import Foundation
import Testing

@Test func whatCannotBeSynchronizedIsNoFailure() throws {
    var ends: [CInt] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    // The system says EINVAL of a pipe, as file systems without it do.
    #expect(fsync(ends[0]) != 0 && errno == EINVAL)
    #expect(AtomicFile.synchronize(ends[0]))
}

@Test func aFolderThatMayBeWrittenToButNotReadTakesFiles() throws {
    let temporary = try TemporaryFolder()
    chmod(temporary.path, 0o300)
    defer { chmod(temporary.path, 0o700) }
    var file = try AtomicFile(path: temporary.file("a"))
    try file.write([1])
    try file.commit()
    #expect(try contents(temporary.file("a")) == [1])
}
