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
