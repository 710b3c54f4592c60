import Foundation
import Testing
import ZeroMQ

/// Two connected sockets on a transport, within one thread.
private struct Pair: ~Copyable {
    let left: Socket
    let right: Socket

    init(
        _ leftKind: Socket.Kind = .pair, _ rightKind: Socket.Kind = .pair, over transport: String = "inproc",
        leftOptions: [SocketOption] = [], rightOptions: [SocketOption] = []
    ) throws {
        let context = try Context()
        let left = try Socket(leftKind, in: context, options: leftOptions)
        let right = try Socket(rightKind, in: context, options: rightOptions)
        switch transport {
        case "tcp": try left.bind(to: "tcp://127.0.0.1:*")
        case "ipc": try left.bind(to: "ipc://\(FileManager.default.temporaryDirectory.path)/hbn-\(UUID()).sock")
        default: try left.bind(to: "inproc://test")
        }
        try right.connect(to: left.lastEndpoint)
        self.left = left
        self.right = right
    }
}

private func frames(_ texts: String...) throws -> [Message] {
    try texts.map { try Message(Array($0.utf8)) }
}

private func texts(_ frames: [Message]) -> [String] {
    frames.map { String(decoding: $0.array, as: UTF8.self) }
}

/// Receives within five seconds, so that a fault fails instead of hanging.
private func receive(_ socket: borrowing Socket) throws -> [Message] {
    try #require(try socket.isReadable(within: .seconds(5)))
    return try socket.receive()
}

@Test(arguments: ["inproc", "ipc", "tcp"]) func framesArriveAsOneMessageInOrder(transport: String) throws {
    let pair = try Pair(over: transport)
    let large = [UInt8](repeating: 7, count: 3_000_001)
    try pair.right.send(try frames("head", "") + [Message(large)])
    let received = try receive(pair.left)
    #expect(texts(Array(received[..<2])) == ["head", ""])
    #expect(received.count == 3 && received[2].array == large)
    // And back, with a frame that came from the other side.
    try pair.left.send([received[2], received[0]])
    let returned = try receive(pair.right)
    #expect(returned.map(\.count) == [3_000_001, 4])
}

@Test func aRouterKnowsItsPeersByTheirRoutingIDs() throws {
    let context = try Context()
    let router = try Socket(.router, in: context, options: [.routerMandatory(true)])
    try router.bind(to: "tcp://127.0.0.1:*")
    let endpoint = try router.lastEndpoint
    let one = try Socket(.dealer, in: context, options: [.routingID(Array("worker-1".utf8))])
    let two = try Socket(.dealer, in: context, options: [.routingID(Array("worker-2".utf8))])
    try one.connect(to: endpoint)
    try two.connect(to: endpoint)
    try one.send(try frames("hello from one"))
    try two.send(try frames("hello from two"))
    let arrived = [texts(try receive(router)), texts(try receive(router))]
    #expect(Set(arrived) == [["worker-1", "hello from one"], ["worker-2", "hello from two"]])

    try router.send(try frames("worker-2", "for two"))
    try router.send(try frames("worker-1", "for one"))
    #expect(texts(try receive(one)) == ["for one"])
    #expect(texts(try receive(two)) == ["for two"])
}

@Test func aMandatoryRouterThrowsForAnUnknownPeerAndStaysUsable() throws {
    let pair = try Pair(
        .router, .dealer, leftOptions: [.routerMandatory(true)], rightOptions: [.routingID(Array("known".utf8))])
    let error = try #require(throws: ZeroMQError.self) { try pair.left.send(try frames("stranger", "shard 3")) }
    #expect(error.isUnroutable)
    #expect(error.description.contains("not connected"))
    try pair.left.send(try frames("known", "shard 4"))
    #expect(texts(try receive(pair.right)) == ["shard 4"])
}

@Test func aRestartedPeerTakesOverItsRoutingID() throws {
    let context = try Context()
    let router = try Socket(.router, in: context, options: [.routerMandatory(true), .routerHandover(true)])
    try router.bind(to: "tcp://127.0.0.1:*")
    let endpoint = try router.lastEndpoint
    let old = try Socket(.dealer, in: context, options: [.routingID([1, 2])])
    try old.connect(to: endpoint)
    try old.send(try frames("old"))
    #expect(texts(try receive(router)).last == "old")
    let new = try Socket(.dealer, in: context, options: [.routingID([1, 2])])
    try new.connect(to: endpoint)
    try new.send(try frames("new"))
    #expect(texts(try receive(router)).last == "new")
    try router.send([Message([1, 2])] + (try frames("welcome back")))
    #expect(texts(try receive(new)) == ["welcome back"])
}

@Test func aMessageOfTooManyFramesIsDroppedWholeAndNamesItsSender() throws {
    let pair = try Pair(.router, .dealer, rightOptions: [.routingID(Array("flood".utf8))])
    let frame = try Message([1])
    // The routing id is a frame too, so 63 are the most a dealer may send to a router.
    try pair.right.send(Array(repeating: frame, count: Socket.maximumFrames))
    try pair.right.send(Array(repeating: frame, count: Socket.maximumFrames - 1))
    let error = try #require(throws: ZeroMQError.self) { _ = try receive(pair.left) }
    #expect(error.code == EMSGSIZE)
    #expect(error.peer == Array("flood".utf8))
    #expect(error.description.contains("65 frames"))
    #expect(try receive(pair.left).count == Socket.maximumFrames)
}

@Test func sendingBeyondTheHighWaterMarkSaysSoAndLeavesNoHalfMessage() throws {
    let pair = try Pair(
        .pull, .push, leftOptions: [.receiveHighWaterMark(2)], rightOptions: [.sendHighWaterMark(2)])
    var sent = 0
    while sent < 100, try pair.right.trySend(try frames("\(sent)", "tail")) { sent += 1 }
    #expect(sent == 4)  // Within a process the two queues count as one.
    for index in 0..<sent { #expect(texts(try receive(pair.left)) == ["\(index)", "tail"]) }
    #expect(try pair.left.tryReceive() == nil)
    var poller = Poller()
    poller.add(pair.right, for: .writing)
    #expect(try poller.wait(timeout: .seconds(5)) == [0])
    #expect(try pair.right.trySend(try frames("again", "tail")))
    #expect(texts(try receive(pair.left)) == ["again", "tail"])
}

@Test func aPeerThatSendsTooLongAFrameIsDisconnectedAndTheOthersAreNot() throws {
    let context = try Context()
    let router = try Socket(.router, in: context, options: [.maximumFrameSize(1000)])
    try router.bind(to: "tcp://127.0.0.1:*")
    let endpoint = try router.lastEndpoint
    let rude = try Socket(.dealer, in: context)
    let polite = try Socket(.dealer, in: context)
    try rude.connect(to: endpoint)
    try polite.connect(to: endpoint)
    try rude.send([Message([UInt8](repeating: 0, count: 1001))])
    try polite.send([Message([UInt8](repeating: 0, count: 1000))])
    #expect(try receive(router).last?.count == 1000)
    #expect(try !router.isReadable(within: .milliseconds(100)))
}
