import Foundation
import Synchronization
import Testing
import ZeroMQ

/// Memory that reports its release.
private final class Parameters: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer  // Written by init only.
    let released: DispatchSemaphore

    init(count: Int, released: DispatchSemaphore) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        for index in 0..<count { memory[index] = UInt8(truncatingIfNeeded: index &* 31) }
        bytes = UnsafeRawBufferPointer(memory)
        self.released = released
    }

    deinit {
        bytes.deallocate()
        released.signal()
    }
}

@Test(arguments: [0, 1, 33, 34, 100_000]) func aCopiedFrameHoldsTheBytes(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try Message(bytes).array == bytes)
    #expect(try bytes.withUnsafeBytes { try Message($0) }.array == bytes)
    #expect(try Message(count: count) { $0.copyBytes(from: bytes) }.array == bytes)
}

@Test func aBorrowedFrameIsTheOwnersMemory() throws {
    let released = DispatchSemaphore(value: 0)
    var owner: Parameters? = Parameters(count: 10_000, released: released)
    let start = owner!.bytes.baseAddress
    var message: Message? = try Message(borrowing: owner!.bytes, keeping: owner!)
    owner = nil
    #expect(message?.withUnsafeBytes { $0.baseAddress } == start)
    #expect(released.wait(timeout: .now()) == .timedOut)
    message = nil
    #expect(released.wait(timeout: .now()) == .success)
}

@Test(arguments: ["inproc://borrowed", "tcp://127.0.0.1:*"])
func aBorrowedFrameReleasesItsOwnerOnceEveryReceiverIsDone(endpoint: String) throws {
    let released = DispatchSemaphore(value: 0)
    let context = try Context()
    let push = try Socket(.push, in: context)
    let pull = try Socket(.pull, in: context)
    try pull.bind(to: endpoint)
    try push.connect(to: pull.lastEndpoint)

    var expected: [UInt8] = []
    do {
        let owner = Parameters(count: 5_000_000, released: released)
        expected = Array(owner.bytes)
        let message = try Message(borrowing: owner.bytes, keeping: owner)
        try push.send([message])
        try push.send([message])
    }
    for _ in 0..<2 {
        try #require(try pull.isReadable(within: .seconds(5)))
        #expect(try pull.receive()[0].array == expected)
    }
    #expect(released.wait(timeout: .now() + 5) == .success)
}

@Test func aFrameIsReadAndSentByManyThreadsAtOnce() throws {
    let released = DispatchSemaphore(value: 0)
    let context = try Context()
    let pull = try Socket(.pull, in: context)
    try pull.bind(to: "inproc://many")
    do {
        let owner = Parameters(count: 4096, released: released)
        let message = try Message(borrowing: owner.bytes, keeping: owner)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            guard let push = try? Socket(.push, in: context), (try? push.connect(to: "inproc://many")) != nil else {
                return
            }
            for _ in 0..<200 { try? push.send([message]) }
        }
    }
    for _ in 0..<1600 {
        try #require(try pull.isReadable(within: .seconds(5)))
        _ = try pull.receive()
    }
    #expect(released.wait(timeout: .now() + 5) == .success)
}
