import Foundation
import Testing

@testable import EventFiles

@Suite struct EventFileTests {
    let folder: URL
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    init() throws {
        folder = URL.temporaryDirectory.appending(path: "hbn-events-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func remove() { try? FileManager.default.removeItem(at: folder) }

    private var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    @Test func theBytesAreThoseOfTensorBoardsOwnWriter() throws {
        defer { remove() }
        var second = 999.5
        let file = EventFile(folder: folder) {
            // The first look at the clock names the file.
            defer { second += 0.5 }
            return second
        }
        file.start(after: 0)
        try file.append([.scalar("loss/training", 0.25), .scalar("loss/validation", 1.0 / 3)], step: 110)
        let png = try Array(Data(contentsOf: golden.appending(path: "picture.png")))
        try file.append([.picture("mistakes/1/spectrogram", png: png, height: 2, width: 3)], step: 1_000_000)
        #expect(try files == ["events.out.tfevents.0000000999.heartbeatnet"])
        let written = try Data(contentsOf: folder.appending(path: files[0]))
        #expect(try written == Data(contentsOf: golden.appending(path: "events.out.tfevents")))
    }

    @Test func whatBeginsAtTheSameSecondFollowsInAnotherFile() throws {
        defer { remove() }
        for _ in 1...3 {
            let file = EventFile(folder: folder) { 1000 }
            file.start(after: 10)
            file.start(after: 5)
            try file.append([.scalar("loss/training", 1)], step: 6)
        }
        #expect(try files.count == 3)
        let contents = try files.map { try Data(contentsOf: folder.appending(path: $0)) }
        // A version, one start and a number.
        #expect(Set(contents).count == 1)
        let records = [
            Event(step: 0, .version), Event(step: 6, .start), Event(step: 6, .summary([.scalar("loss/training", 1)])),
        ]
        #expect(contents[0] == Data(records.flatMap { $0.record(seconds: 1000) }))
    }

    @Test func whatIsWrittenByAClockThatGoesBackFollowsAllTheSame() throws {
        defer { remove() }
        for second in [2000.0, 1000] {
            try EventFile(folder: folder) { second }.append([.scalar("loss/training", second)], step: 1)
        }
        let names = ["0000002000", "0000002001"].map { "events.out.tfevents.\($0).heartbeatnet" }
        #expect(try files == names)
        // Nor does a foreign name lead astray.
        for name in ["4000000000.x", "99999999999", "9223372036854775807", "none"] {
            try Data().write(to: folder.appending(path: "events.out.tfevents.\(name)"))
        }
        try EventFile(folder: folder) { 3000 }.append([.scalar("loss/training", 1)], step: 1)
        #expect(try files.contains("events.out.tfevents.4000000001.heartbeatnet"))
    }

    @Test func aWriteThatFailsLeavesNothingTorn() throws {
        defer { remove() }
        let file = EventFile(folder: folder) { 1000 }
        try file.append([.scalar("loss/training", 1)], step: 1)
        let path = try folder.appending(path: files[0]).path
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let write = file.write
        // As on a full disk.
        file.write = { handle, bytes in
            try handle.write(contentsOf: bytes.prefix(20))
            throw POSIXError(.ENOSPC)
        }
        #expect(throws: EventFileError.self) { try file.append([.scalar("loss/training", 2)], step: 2) }
        let other = EventFile(folder: folder) { 5000 }
        other.write = file.write
        #expect(throws: EventFileError.self) { try other.append([.scalar("loss/training", 2)], step: 2) }
        #expect(try files.count == 1)
        file.write = write
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        try file.append([.scalar("loss/training", 3)], step: 3)
        let after = Event(step: 3, .summary([.scalar("loss/training", 3)])).record(seconds: 1000)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before + Data(after))
    }

    @Test func nothingIsWrittenBeforeThereIsSomethingToSay() throws {
        defer { remove() }
        EventFile(folder: folder).start(after: 3)
        #expect(try files.isEmpty)
    }

    @Test func aFolderThatIsGoneIsAnError() throws {
        remove()
        let file = EventFile(folder: folder)
        #expect(throws: EventFileError.self) { try file.append([.scalar("loss/training", 1)], step: 1) }
    }
}
