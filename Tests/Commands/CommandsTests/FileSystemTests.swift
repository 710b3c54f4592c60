import Foundation
import Testing

/// The C library's calls on a file system that lacks some: they fail with the errno in the variable of their name.
private let source = """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <stdlib.h>
    #include <sys/stat.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    static int fails(const char *name) {
        const char *text = getenv(name);
        if (text != NULL) errno = atoi(text);
        return text != NULL;
    }
    int flock(int file, int what) { return fails("FAIL_FLOCK") ? -1 : (int)syscall(SYS_flock, file, what); }
    int fsync(int file) {
        struct stat status;
        if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode) && fails("FAIL_FOLDER_FSYNC")) return -1;
        return (int)syscall(SYS_fsync, file);
    }
    """

extension Workspace {
    /// What has programs meet such a file system.
    fileprivate func failing(_ call: String, with code: Int32) throws -> [String: String] {
        if !FileManager.default.fileExists(atPath: self("failing.so")) {
            try write(Array(source.utf8), to: "failing.c")
            let compiler = try Process.run(
                URL(fileURLWithPath: "/usr/bin/gcc"),
                arguments: ["-shared", "-fPIC", "-O1", "-o", self("failing.so"), self("failing.c")])
            compiler.waitUntilExit()
            try #require(compiler.terminationStatus == 0)
        }
        return ["LD_PRELOAD": self("failing.so"), "FAIL_\(call)": "\(code)"]
    }
}

extension ClusterTests {
    /// File systems that lack what others have.
    @Suite struct FileSystemTests {
        private static let options = TinyRun.model + ["--data", "synthetic", "--recordings", "8", "--epochs", "1"]

        @Test(arguments: [ENOSYS, ENOLCK, EOPNOTSUPP]) func aFolderThatCannotBeLockedIsSaidToBe(code: Int32) throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-coordinator", Self.options + ["--local", "1", "--output", workspace("run")],
                    environment: workspace.failing("FLOCK", with: code))
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.errors.contains("warning: \(workspace("run")): cannot be locked on this file system"))
                #expect(outcome.errors.contains(String(cString: strerror(code))))
                #expect(!outcome.errors.contains("another coordinator"))
            }
        }

        @Test func withoutLocksASecondCoordinatorOfTheMachineIsRefusedAllTheSame() throws {
            try Workspace.use { workspace in
                let environment = try workspace.failing("FLOCK", with: ENOLCK)
                let first = try workspace.start(
                    "hbn-coordinator", TinyRun.long.options + ["--local", "1", "--output", workspace("run")],
                    environment: environment)
                try first.hasReached(epoch: 3)
                let second = try workspace.run(
                    "hbn-coordinator", ["--resume", workspace("run"), "--local", "1"], environment: environment)
                #expect(second.status == 74)
                expectOneError(second.errors, naming: [workspace("run"), "another coordinator"])
                // The lock goes with its owner, however it ends.
                first.signal(SIGKILL)
                _ = try first.outcome()
                let third = try workspace.start(
                    "hbn-coordinator", ["--resume", workspace("run"), "--local", "1"], environment: environment)
                try third.line(with: "resuming at step", on: .output)
            }
        }

        @Test func aLockThatFailsForAnotherReasonIsAnError() throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-coordinator", Self.options + ["--local", "1", "--output", workspace("run")],
                    environment: workspace.failing("FLOCK", with: EIO))
                #expect(outcome.status == 74)
                expectOneError(outcome.errors, naming: [workspace("run"), "cannot be locked", "Input/output error"])
            }
        }

        @Test(arguments: [EINVAL, EOPNOTSUPP, ENOSYS, EBADF])
        func aFolderThatCannotBeSynchronizedIsNoFailure(code: Int32) throws {
            try Workspace.use { workspace in
                let environment = try workspace.failing("FOLDER_FSYNC", with: code)
                let outcome = try workspace.run(
                    "hbn-coordinator", Self.options + ["--local", "1", "--output", workspace("run")],
                    environment: environment)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(!outcome.errors.contains("not written"))
                #expect(try !workspace.checkpoints.isEmpty)
                let export = ["export", "--run", workspace("run"), "--format", "onnx", "--output", workspace("m.onnx")]
                #expect(try workspace.run("hbn", export, environment: environment).status == 0)
            }
        }

        @Test func aDiskThatFailsIsAFailure() throws {
            try Workspace.use { workspace in
                let outcome = try workspace.run(
                    "hbn-coordinator", Self.options + ["--local", "1", "--output", workspace("run")],
                    environment: workspace.failing("FOLDER_FSYNC", with: EIO))
                #expect(outcome.status == 74)
                #expect(outcome.errors.contains("fsync: Input/output error"))
            }
        }
    }
}
