import Foundation
import Testing
import ZeroMQ

@Test func onlyReadySocketsAndDescriptorsAreNamed() throws {
    let context = try Context()
    let quiet = try Socket(.pull, in: context)
    let busy = try Socket(.pull, in: context)
    let sender = try Socket(.push, in: context)
    try quiet.bind(to: "inproc://quiet")
    try busy.bind(to: "inproc://busy")
    try sender.connect(to: "inproc://busy")
    let wake = Pipe()

    var poller = Poller()
    #expect(poller.add(quiet) == 0)
    #expect(poller.add(busy) == 1)
    #expect(poller.add(fileDescriptor: wake.fileHandleForReading.fileDescriptor) == 2)
    #expect(poller.add(sender, for: .writing) == 3)
    #expect(try poller.wait(timeout: .zero) == [3])
    try sender.send([Message([1])])
    #expect(try poller.wait(timeout: .seconds(5)) == [1, 3])
    wake.fileHandleForWriting.write(Data([1]))
    #expect(try poller.wait(timeout: .seconds(5)) == [1, 2, 3])
    _ = try busy.receive()
    #expect(try poller.wait() == [2, 3])
}

@Test func waitingEndsWithTheTimeout() throws {
    let socket = try Socket(.pull, in: Context())
    try socket.bind(to: "inproc://nobody")
    var poller = Poller()
    poller.add(socket)
    let start = ContinuousClock.now
    #expect(try poller.wait(timeout: .milliseconds(50)) == [])
    let waited = ContinuousClock.now - start
    #expect(waited >= .milliseconds(50) && waited < .seconds(5))
    #expect(try poller.wait(timeout: .seconds(-1)) == [])
    #expect(try socket.tryReceive() == nil)
}
