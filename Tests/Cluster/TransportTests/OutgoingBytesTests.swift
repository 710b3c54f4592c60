import Foundation
import Parameters
import Testing
import ZeroMQ

@testable import Programs
@testable import Transport

@Test func whatWaitsInAConnectionIsCountedUntilItHasLeft() throws {
    let wakeup = try! Wakeup()
    let outgoing = OutgoingBytes(limit: 10_000, waking: wakeup)
    let frame = FloatFrame(FloatBuffer(count: 1000))
    let context = try Context()
    let sender = try Socket(.dealer, in: context, options: [.sendHighWaterMark(0), .linger(.zero)])
    let receiver = try Socket(.dealer, in: context, options: [.linger(.zero)])
    let path = NSTemporaryDirectory() + "hbn-\(UUID().uuidString.prefix(8))"
    defer { unlink(path) }
    try sender.connect(to: "ipc://" + path)
    for _ in 0..<3 { #expect(try sender.trySend([frame.message(counted: outgoing)])) }
    #expect(outgoing.isFull)

    try receiver.bind(to: "ipc://" + path)
    for _ in 0..<3 { #expect(try receiver.receive().map(\.count) == [4000]) }
    var poller = Poller()
    poller.add(fileDescriptor: wakeup.descriptor)
    _ = try poller.wait(timeout: .seconds(10))
    #expect(!outgoing.isFull)
}

@Test func whoWaitsForPlaceIsWokenWhenThereIsSomeAndNotBefore() throws {
    let wakeup = try Wakeup()
    func isCalled() -> Bool {
        var state = pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)
        defer { wakeup.drain() }
        return poll(&state, 1, 0) == 1
    }
    let outgoing = OutgoingBytes(limit: 10, waking: wakeup)
    var tickets = (0..<4).map { _ in outgoing.ticket(for: 4) }
    #expect(outgoing.count == 16 && outgoing.isFull && !isCalled())
    tickets.removeLast()
    #expect(outgoing.count == 12 && outgoing.isFull && !isCalled())
    tickets.removeLast()
    #expect(outgoing.count == 8 && !outgoing.isFull && isCalled())
    // There was place before.
    tickets.removeLast()
    #expect(outgoing.count == 4 && !isCalled())
}
