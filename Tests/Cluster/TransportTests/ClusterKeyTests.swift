import Examples
import Foundation
import Logging
import Programs
import Testing
import ZeroMQ

@testable import Transport

private func makeKey() throws -> ClusterKey {
    let path = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID().uuidString).key").path
    defer { unlink(path) }
    try ClusterKey.generate(at: path)
    return try ClusterKey(path: path)
}

/// What editors and mail programs make of a key's text.
@Test(
    arguments: [
        { $0.replacing("\n", with: "\r\n") }, { "\u{FEFF}" + $0 }, { String($0.dropLast()) },
        { $0.replacing("\n", with: " \t\n") }, { "\n\r\n" + $0 + "\r\n\n" },
    ] as [@Sendable (String) -> String])
func aKeyIsReadWhateverItsLineEnds(change: @Sendable (String) -> String) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID().uuidString).key").path
    defer { unlink(path) }
    try ClusterKey.generate(at: path)
    let key = try ClusterKey(path: path)
    try Data(change(String(contentsOfFile: path, encoding: .utf8)).utf8).write(to: URL(fileURLWithPath: path))
    let read = try ClusterKey(path: path)
    #expect(read.pair.publicText == key.pair.publicText && read.pair.secretText == key.pair.secretText)
}

@Test(arguments: [
    ("", "is empty"), ("a\u{0}b\u{0}", "no text in UTF-8"), ("-----BEGIN KEY-----", "no key of a cluster"),
    ("heartbeatnet cluster key 1\npublic abc\n", "is cut"),
    ("heartbeatnet cluster key 1\npublic abc\nsecret def\nsecret ghi\n", "has more in it"),
    ("heartbeatnet cluster key 1\npublic abc\nsecret def\n", "no pair"),
])
func whatIsWrongWithAKeyIsNamed(text: String, reason: String) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID().uuidString).key").path
    defer { unlink(path) }
    _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    let failure = try #require(throws: RunFailure.self) { try ClusterKey(path: path) }
    #expect(failure.exitStatus == .badData && failure.description.contains(reason), "\(failure)")
}

@Test func aFolderIsNoKey() throws {
    let failure = try #require(throws: RunFailure.self) { try ClusterKey(path: NSTemporaryDirectory()) }
    #expect(failure.exitStatus == .badData && failure.description.contains("not a regular file (a folder)"))
}

/// A coordinator's door: a listening socket, and who decides who may come in.
private final class Door {
    let port: UInt16
    private let socket: Socket
    private let doorkeeper: Doorkeeper

    init(_ key: ClusterKey?) throws {
        let context = try Context()
        doorkeeper = try Doorkeeper(key, in: context, log: Logger(label: "door") { _ in SwiftLogNoOpLogHandler() })
        socket = try Socket(.router, in: context, options: [.linger(.zero)] + Wire.listening(with: key))
        try doorkeeper.watch(socket, as: "door")
        try socket.bind(to: "tcp://127.0.0.1:*")
        port = UInt16(try socket.lastEndpoint.split(separator: ":").last!)!
    }

    deinit { leaveUnattended() }

    /// From now on nobody answers ZeroMQ's enquiries.
    func leaveUnattended() {
        socket.stopReporting()
        doorkeeper.end()
    }

    /// The words that come in within a while.
    func words(within limit: Duration) throws -> [String] {
        var words: [String] = []
        while try socket.isReadable(within: words.isEmpty ? limit : .milliseconds(100)) {
            words.append(try socket.receive()[1].withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        }
        return words
    }
}

/// Knocks with a word.
private final class Guest {
    private let socket: Socket

    init(_ options: [SocketOption], at port: UInt16, saying word: String) throws {
        socket = try Socket(
            .dealer, in: Context(), options: [.linger(.zero), .reconnectInterval(.milliseconds(20))] + options)
        try socket.connect(to: "tcp://127.0.0.1:\(port)")
        try socket.send([try Message(Array(word.utf8))])
    }
}

@Test func onlyWhoHasTheKeyComesIn() throws {
    let (key, other) = (try makeKey(), try makeKey())
    let door = try Door(key)
    let strangers: [(String, [SocketOption])] = [
        ("without a key", []),
        ("with another key", Wire.connecting(with: other)),
        ("that knows the public key alone", [.curveClient(other.pair, server: key.pair.publicKey)]),
    ]
    for (name, options) in strangers {
        let guest = try Guest(options, at: door.port, saying: name)
        #expect(try door.words(within: .milliseconds(500)).isEmpty, "one \(name) came in")
        withExtendedLifetime(guest) {}
    }
    let guest = try Guest(Wire.connecting(with: key), at: door.port, saying: "with the key")
    #expect(try door.words(within: .seconds(10)) == ["with the key"])
    withExtendedLifetime(guest) {}
}

@Test func withoutADoorkeeperNobodyComesIn() throws {
    let key = try makeKey()
    let door = try Door(key)
    let early = try Guest(Wire.connecting(with: key), at: door.port, saying: "early")
    #expect(try door.words(within: .seconds(10)) == ["early"])
    door.leaveUnattended()
    let late = try Guest(Wire.connecting(with: key), at: door.port, saying: "late")
    #expect(try door.words(within: .milliseconds(500)).isEmpty)
    withExtendedLifetime((early, late)) {}
}

@Test func aDoorkeeperCanBeSentAwayTwice() throws {
    let door = try Door(nil)
    door.leaveUnattended()
    door.leaveUnattended()
}

@Test(arguments: [false, true]) func aRecordedConnectionCanBeReplayedOnlyWhereThereIsNoKey(hasKey: Bool) throws {
    let key = hasKey ? try makeKey() : nil
    let door = try Door(key)
    let relay = try RecordingRelay(to: door.port)
    let guest = try Guest(Wire.connecting(with: key), at: relay.port, saying: "open")
    #expect(try door.words(within: .seconds(10)) == ["open"])
    withExtendedLifetime(guest) {}
    let recorded = relay.recorded
    // What travels cannot be read, either.
    #expect((Array(recorded.joined()).firstRange(of: Array("open".utf8)) == nil) == hasKey)
    try RecordingRelay.replay(recorded, to: door.port) {
        let words = try door.words(within: .seconds(hasKey ? 1 : 10))
        #expect(words == (hasKey ? [] : ["open"]))
    }
}

@Test func aKeySaysNothingOfItself() throws {
    let key = try makeKey()
    for text in ["\(key)", String(reflecting: key), "\(SocketOption.curveServer(key.pair, domain: "x"))"] {
        #expect(
            !text.contains(key.pair.secretText) && !text.contains("\(key.pair.secretKey[0]), \(key.pair.secretKey[1])"))
    }
    var dumped = ""
    dump(key, to: &dumped)
    #expect(!dumped.contains(key.pair.secretText) && !dumped.contains("\(key.pair.secretKey[0])\n"))
}
